import { placeText, type GatewayGrant } from '../../shared/model/gateway-grant.ts'
import { gatewayRights, rightsText, type GatewayRight } from '../../shared/model/gateway-rights.ts'
import type { GatewayKeyView, GatewayRequest, GatewaySettings } from '../../shared/model/gateway.ts'
import { isLoopback, readListenAddress } from '../../shared/model/listen-address.ts'
import { formatAgo, formatCount, formatDuration, formatUntil } from './format.ts'
import type { Tone } from './link.ts'

/** Where clients will be able to come from, as soon as the gateway listens there. */
export function exposureOf(listen: string, encrypted: boolean): string {
  if (isLoopback(readListenAddress(listen).host)) {
    return 'Loopback: only programs on this computer reach it.'
  }
  const open =
    'Open: every computer that reaches this one may connect. Only requests signed with a client key are served.'
  return encrypted
    ? `${open} The way is encrypted.`
    : `${open} The way is not encrypted: whoever listens on it can read the objects. Give a certificate, or listen on 127.0.0.1.`
}

/** What a key may do and where, after “may” or “can no longer”. */
export function grantText(grant: Pick<GatewayGrant, 'rights' | 'buckets' | 'prefixes'>): string {
  return `${rightsText(grant.rights)} in ${placeText(grant)}`
}

export interface RightsPreset {
  readonly id: 'read' | 'readWrite' | 'backup' | 'everything'
  readonly label: string
  readonly description: string
  readonly rights: readonly GatewayRight[]
}

/** The usual sets of rights, the smallest first. */
export const rightsPresets: readonly RightsPreset[] = [
  { id: 'read', label: 'Read only', description: 'List and get objects; every change is refused', rights: ['read'] },
  {
    id: 'backup',
    label: 'Backup, no deletes',
    description: 'Read, write and tag; nothing can be deleted with it',
    rights: ['read', 'write', 'tags'],
  },
  {
    id: 'readWrite',
    label: 'Read and write',
    description: 'Read, write, tag and delete; old versions, locks and settings stay out of its reach',
    rights: ['read', 'write', 'delete', 'tags'],
  },
  {
    id: 'everything',
    label: 'Everything',
    description: 'Delete versions for good, lock and unlock, create and remove buckets too',
    rights: gatewayRights,
  },
]

/** The preset that these rights are; null for a choice of one's own. */
export function presetOf(rights: readonly GatewayRight[]): RightsPreset | null {
  const same = ({ rights: of }: RightsPreset): boolean =>
    of.length === rights.length && of.every((right) => rights.includes(right))
  return rightsPresets.find(same) ?? null
}

const soonMs = 14 * 86_400_000

/** Whether a key still works, for the eye and in words. */
export function expiryOf(
  { expiresAt }: Pick<GatewayGrant, 'expiresAt'>,
  now: number,
): { readonly tone: Tone; readonly words: string; readonly remedy: string | null } {
  if (expiresAt === null) return { tone: 'quiet', words: 'never', remedy: null }
  if (expiresAt > now)
    return { tone: expiresAt - now < soonMs ? 'waiting' : 'quiet', words: formatUntil(expiresAt, now), remedy: null }
  const remedy = 'Its client is refused: create a new key, then revoke this one.'
  return { tone: 'bad', words: `Expired ${formatAgo(expiresAt, now)}`, remedy }
}

/** What a key is called by people: its label, or the key itself where it has none. */
export const keyName = (key: Pick<GatewayKeyView, 'label' | 'accessKeyId'>): string => key.label || key.accessKeyId

/** How a request ended, for the eye and in words. */
export function outcomeOf({ status }: Pick<GatewayRequest, 'status'>): {
  readonly tone: Tone
  readonly words: string
} {
  if (status === 0) return { tone: 'quiet', words: 'Client went away' }
  const tone: Tone = status >= 500 ? 'bad' : status >= 400 ? 'waiting' : 'good'
  return { tone, words: String(status) }
}

/** Requests are timed by a clock that tells milliseconds: no tenths, and nothing takes no time. */
export function tookText(durationMs: number): string {
  if (durationMs < 1) return '< 1 ms'
  return durationMs < 10_000 ? `${formatCount(durationMs)} ms` : formatDuration(durationMs)
}

/** The lines of the configuration file that say the same as these settings, with an example of a client key. */
export function configLines(settings: GatewaySettings): string {
  const key = { accessKeyId: 'backup-client', secretAccessKey: { env: 'BACKUP_CLIENT_SECRET' }, buckets: ['photos'] }
  const { site, listen, hostnames, tls } = settings
  const gateway = {
    site,
    listen,
    ...(hostnames.length > 0 ? { hostnames } : {}),
    ...(tls === null ? {} : { tls }),
    keys: [{ ...key, rights: ['read', 'write', 'delete', 'tags'] }],
  }
  const text = JSON.stringify(gateway, null, 2)
  // Lists and objects of one entry stay on one line, as people write them.
  const short = text.replaceAll(/\[\s+("[^"]*")\s+\]/g, '[$1]').replaceAll(/\{\s+("[^"]*": "[^"]*")\s+\}/g, '{ $1 }')
  return `"gateway": ${short}`
}

/** How the usual clients are pointed to the gateway, as lines for a shell. */
export function usageLines(host: string, encrypted: boolean): string {
  const url = `${encrypted ? 'https' : 'http'}://${host}`
  const plain = encrypted ? '' : ' --no-ssl'
  return [
    'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_DEFAULT_REGION=us-east-1',
    `aws --endpoint-url ${url} s3 ls`,
    `rclone lsd --s3-provider Other --s3-env-auth --s3-endpoint ${url} :s3:`,
    `s3cmd${plain} --host=${host} --host-bucket=${host} ls`,
  ].join('\n')
}
