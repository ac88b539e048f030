import { z } from 'zod'
import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { LinkEnd, LinkIdentity, RecordStore } from '../journal/port/records.ts'
import type { Remembered } from '../journal/remembered.ts'
import { bucketKey, linkIdOf, linkNameOf, type RuleLink } from '../rule/link.ts'

/** Stands in a journal that took the place of a damaged one. */
export const renewedName = 'renewed'

export interface LinkBookParts {
  readonly records: RecordStore
  /** Who ever wrote to a target. */
  readonly sources: Remembered
  /** What a forgotten link takes with it. */
  readonly keptByLink: readonly Remembered[]
  /** Where the site is reached; null for one that is not known. */
  readonly endpoint: (siteId: string) => string | null
  readonly now: () => number
}

/** The two ends that a rule wants a link between. */
interface WantedLink {
  readonly ruleId: string
  readonly source: LinkEnd
  readonly target: LinkEnd
}

/**
 * Which links there are, and what each was opened for. A link serves one source and one target, each at the server that it
 * was then: of what another source brought, the absence here says nothing. So a rule that is pointed elsewhere, by whatever
 * way, gets a new link with an empty past, and the old one is forgotten.
 */
export class LinkBook {
  readonly #parts: LinkBookParts
  /** The journal took the place of a damaged one. */
  #isRenewed = false
  #links: ReadonlyMap<string, LinkIdentity> = new Map()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: LinkBookParts) {
    this.#parts = parts
  }

  /** The links at work of a rule, in the order of its targets. One that is not opened yet, or stands for other ends, is left out. */
  linksOf(rule: Rule): readonly RuleLink[] {
    return rule.targets.flatMap((target) => {
      const known = this.#links.get(linkNameOf(rule.id, target))
      if (known === undefined || bucketKey(known.source) !== bucketKey(rule.source)) return []
      return [{ ruleId: rule.id, linkId: known.linkId, source: rule.source, target, rule }]
    })
  }

  /** All of them, by rule and target; another map once anything about them has changed. */
  links(): ReadonlyMap<string, LinkIdentity> {
    return this.#links
  }

  identity(linkId: string): LinkIdentity | null {
    return [...this.#links.values()].find((one) => one.linkId === linkId) ?? null
  }

  /**
   * Did another source ever write to this target, as far as the journal knows? Then not all replicas there are of this one. A
   * journal that was begun anew knows of no target who wrote there before.
   */
  isShared({ source, target }: LinkIdentity): boolean {
    if (this.#isRenewed) return true
    return this.#sourcesOf(target).some((other) => other !== sourceName(source))
  }

  /** Do the sites of the link still stand where they stood when it was opened? */
  fits({ source, target }: LinkIdentity): boolean {
    return [source, target].every((end) => isSameEnd(end, this.#end(end, end.endpoint)))
  }

  /** Opens the links that the rules want, and forgets the others, durably. Resolves with the ids of those that went. */
  reconcile(rules: readonly Rule[]): Promise<readonly string[]> {
    const turn = this.#turn.then(() => this.#reconcile(rules))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #reconcile(rules: readonly Rule[]): Promise<readonly string[]> {
    const { records } = this.#parts
    this.#isRenewed = (await records.read(renewedName)) !== null
    const found = [...(await records.links())]
    const wanted = new Map(
      rules.flatMap((rule) =>
        rule.targets.map((target) => [linkNameOf(rule.id, target), this.#wanted(rule, target, found)]),
      ),
    )
    const kept = new Map<string, LinkIdentity>()
    const gone: string[] = []
    for (const [linkId, identity] of found) {
      const name = identity === null ? linkId : linkNameOf(identity.ruleId, identity.target)
      const want = wanted.get(name)
      if (identity !== null && want !== undefined && !kept.has(name) && isSame(identity, want)) kept.set(name, identity)
      else gone.push(linkId)
      await this.#noteGeneration(name, identity?.generation ?? 1)
    }
    for (const linkId of gone) await this.#forget(linkId)
    for (const [name, want] of wanted) {
      await this.#noteSource(want)
      if (!kept.has(name)) kept.set(name, await this.#open(name, want))
    }
    this.#links = kept
    return gone
  }

  #wanted(rule: Rule, target: BucketAt, found: readonly (readonly [string, LinkIdentity | null])[]): WantedLink {
    const name = linkNameOf(rule.id, target)
    const known = found.find(([, one]) => one !== null && linkNameOf(one.ruleId, one.target) === name)?.[1]
    return {
      ruleId: rule.id,
      source: this.#end(rule.source, known?.source.endpoint ?? ''),
      target: this.#end(target, known?.target.endpoint ?? ''),
    }
  }

  /** A site that is not known at the moment stands where it stood. */
  #end({ site, bucket }: BucketAt, before: string): LinkEnd {
    const endpoint = this.#parts.endpoint(site)
    return { site, bucket, endpoint: endpoint === null ? before : plainEndpoint(endpoint) }
  }

  async #open(name: string, want: WantedLink): Promise<LinkIdentity> {
    const { records, now } = this.#parts
    const generation = generationSchema.parse(await records.read(generationName(name))) + 1
    await records.write(generationName(name), generation)
    const linkId = linkIdOf(want.ruleId, want.target, generation)
    const identity: LinkIdentity = { ...want, linkId, generation, openedAt: now() }
    await records.openLink(identity)
    return identity
  }

  async #forget(linkId: string): Promise<void> {
    const { records, keptByLink } = this.#parts
    await records.forgetLink(linkId)
    for (const kept of keptByLink) await kept.erase(linkId)
  }

  /** A number is never given twice: what is still on its way for a former link must not reach a later one. */
  async #noteGeneration(name: string, generation: number): Promise<void> {
    const { records } = this.#parts
    if (generationSchema.parse(await records.read(generationName(name))) < generation)
      await records.write(generationName(name), generation)
  }

  async #noteSource({ source, target }: WantedLink): Promise<void> {
    const known = this.#sourcesOf(target)
    const own = sourceName(source)
    if (!known.includes(own)) await this.#parts.sources.write(bucketKey(target), [...known, own].slice(-sourcesKept))
  }

  #sourcesOf(target: BucketAt): readonly string[] {
    return sourcesSchema.parse(this.#parts.sources.get(bucketKey(target)))
  }
}

const generationSchema = z.number().catch(0)
const sourcesSchema = z.array(z.string()).catch([])
/** Of a target with so many sources it is known well enough that it is shared. */
const sourcesKept = 16

const sourceName = (source: LinkEnd): string => `${bucketKey(source)} ${plainEndpoint(source.endpoint)}`
const generationName = (name: string): string => `generation/${name}`

const isSame = (a: LinkIdentity, b: WantedLink): boolean =>
  isSameEnd(a.source, b.source) && isSameEnd(a.target, b.target)

const isSameEnd = (a: LinkEnd, b: LinkEnd): boolean =>
  bucketKey(a) === bucketKey(b) && plainEndpoint(a.endpoint) === plainEndpoint(b.endpoint)

/** Spellings of one URL are one endpoint. */
function plainEndpoint(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).href.replace(/\/+$/, '') : endpoint
}
