import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Plugin } from 'vite'

/** Collects the licences of the packages whose code ends up in a bundle: they ask to travel with it. */
export function thirdPartyNotices(): { readonly plugin: Plugin; text(): string } {
  const packages = new Set<string>()
  return {
    plugin: {
      name: 'lockstep:third-party-notices',
      generateBundle() {
        for (const id of this.getModuleIds()) {
          const dir = packageDirOf(id)
          if (dir !== null) packages.add(dir)
        }
      },
    },
    text: () => [...packages].sort().map(noticeOf).join('\n\n'),
  }
}

export function packageDirOf(moduleId: string): string | null {
  return /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1] ?? null
}

function noticeOf(dir: string): string {
  const manifest = path.join(dir, 'package.json')
  if (!existsSync(manifest)) return ''
  const { name, version, license }: Record<string, unknown> = JSON.parse(readFileSync(manifest, 'utf8'))
  const file = readdirSync(dir).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry))
  const text = file === undefined ? '' : `\n${readFileSync(path.join(dir, file), 'utf8').trim()}\n`
  return `${String(name)} ${String(version)} (${String(license)})\n${text}`
}
