import type { BucketAt, Rule } from './rule.ts'
import type { Capabilities } from './site.ts'
import { knownTraits, type SiteTraits } from './site-traits.ts'

/** Everything of an object besides its key and bytes that a copy may keep or lose; in the order of the table. */
export const fidelityProperties = {
  'version-id': 'Version id',
  times: 'Modification time',
  'part-layout': 'Part layout and ETag',
  metadata: 'User metadata',
  'empty-metadata': 'Metadata without a value',
  'website-redirect': 'Website redirect',
  tags: 'Tags',
  'refused-tags': 'Tags that the target refuses',
  lock: 'Retention and legal hold',
  'shortened-retention': 'Shortened governance retention',
  checksum: 'Additional checksum of the whole object',
  'composite-checksum': 'Additional checksum made of parts',
  'sse-s3': 'Encryption by the site (SSE-S3)',
  'sse-kms': 'Encryption by a key service (SSE-KMS)',
  'sse-c': 'Encryption with a client’s key (SSE-C)',
  acl: 'Access for everyone (ACL)',
  'acl-signed-in': 'Access for signed-in users (ACL)',
  'acl-users': 'Access for single users (ACL)',
  'storage-class': 'Storage class',
  archived: 'Archived objects',
} as const
export type FidelityProperty = keyof typeof fidelityProperties

/**
 * `kept`: as it is at the source. `translated`: something else stands for it at the target, and the words say what. `not-kept`: the
 * copy goes without. `refused`: an object that has it is not copied, and listed with its fault. `unknown`: nobody looked yet.
 */
export const fidelityKinds = ['kept', 'translated', 'not-kept', 'refused', 'unknown'] as const
export type FidelityKind = (typeof fidelityKinds)[number]

/** The verdicts alone: what the engine goes by when it copies. */
export type FidelityKinds = Readonly<Record<FidelityProperty, FidelityKind>>

export interface FidelityVerdict {
  readonly kind: FidelityKind
  /** Plain sentences: what becomes of it at this target, and what can be done where that is not what one wants. */
  readonly words: string
}

export interface FidelityLine extends FidelityVerdict {
  readonly property: FidelityProperty
  readonly title: string
  /** Versions that were copied without it since the link was opened, as of now; null where there is no link yet. */
  readonly notKeptCount: number | null
}

/** What becomes of each property on the way from a rule's source to one of its targets. */
export interface LinkFidelity {
  /** null for a draft. */
  readonly linkId: string | null
  readonly target: BucketAt
  readonly lines: readonly FidelityLine[]
}

/** What is known of a site; null: it was not probed yet. */
export type KnownSite =
  (Pick<Capabilities, 'vendor' | 'identity' | 'ordersByMtime'> & Partial<Pick<Capabilities, 'measured'>>) | null

/** The part of a rule that decides what a copy keeps. */
export type FidelityRule = Pick<Rule, 'metadata' | 'objectLock' | 'storageClass' | 'fidelity'>

interface Pair {
  readonly rule: FidelityRule
  readonly from: SiteTraits
  readonly to: SiteTraits
  readonly source: KnownSite
  readonly target: KnownSite
}

const kept = (words = 'As at the source.'): FidelityVerdict => ({ kind: 'kept', words })
const translated = (words: string): FidelityVerdict => ({ kind: 'translated', words })
const notKept = (words: string): FidelityVerdict => ({ kind: 'not-kept', words })
const refused = (words: string): FidelityVerdict => ({ kind: 'refused', words })
const unknown = (words: string): FidelityVerdict => ({ kind: 'unknown', words })

const narrowTags = 'The target takes only letters and digits of ASCII, spaces and + - = . _ : / @ in tags.'
const notLooked = 'It is not known what this site does with it. A comparison shows it.'
const notProbed = 'Not known before the target was probed.'

const byTrait = (trait: boolean | null, yes: FidelityVerdict, no: FidelityVerdict): FidelityVerdict =>
  trait === null ? unknown(notLooked) : trait ? yes : no

const aclLeft = notKept(
  'Stays at the source: the copy belongs to Lockstep’s own user at the target, with that bucket’s access rules. Not counted, as asking costs a request; the rule can carry it.',
)

/** Who is meant by “signed in” is told by the kind of site. */
const isOneKind = (source: KnownSite, target: KnownSite): boolean =>
  source !== null && source.vendor === target?.vendor && source.vendor !== 'other'

const carried = (to: SiteTraits, yes: FidelityVerdict): FidelityVerdict => {
  if (to.checksums === true) return yes
  const why = to.checksums === null ? 'It is not known whether this site keeps it' : 'This site does not keep it'
  return notKept(`${why}: it stays at the source. What arrives is checked by its MD5.`)
}

const verdicts: Readonly<Record<FidelityProperty, (pair: Pair) => FidelityVerdict>> = {
  'version-id': ({ target }) => {
    if (target === null || target.identity === 'unknown') return unknown(notProbed)
    if (target.identity === 'mints')
      return translated(
        'The target gives ids of its own. Lockstep remembers which belongs to which, and writes the source’s id into the metadata.',
      )
    return target.identity === 'adopts-ceph'
      ? kept()
      : kept('As at the source, where the source’s ids are UUIDs (MinIO, RustFS); other ids are remembered as pairs.')
  },
  times: ({ target }) => {
    if (target === null || target.identity === 'unknown') return unknown(notProbed)
    if (target.identity === 'adopts-minio') return kept()
    return translated(
      'The target shows when the copy arrived. The source’s time stands in the metadata (lockstep-modified).',
    )
  },
  'part-layout': ({ from }) =>
    byTrait(
      from.tellsParts,
      kept('Copied part by part, so the ETag comes out the same.'),
      translated(
        'The source does not tell its parts. Lockstep works the layout out from the ETag; where none fits, the copy has an ETag of its own.',
      ),
    ),
  metadata: () => kept(),
  'empty-metadata': ({ to }) => byTrait(to.emptyMetadata, kept(), notKept('The target drops names without a value.')),
  'website-redirect': ({ to }) => byTrait(to.websiteRedirect, kept(), notKept('The target takes it and forgets it.')),
  tags: ({ rule }) =>
    rule.metadata
      ? kept()
      : translated('As they were when the version was copied; later changes stay at the source (rule).'),
  'refused-tags': ({ rule, to }) =>
    byTrait(
      to.anyTagText,
      kept('The target takes any characters.'),
      rule.fidelity.refusedTags === 'leave-out'
        ? notKept(`${narrowTags} The copy goes without the others (rule).`)
        : refused(`${narrowTags} An object with others is listed as a failure; the rule can let it go without them.`),
    ),
  lock: ({ rule }) =>
    rule.objectLock === 'replicate' ? kept() : notKept('The rule leaves retention and legal holds at the source.'),
  'shortened-retention': ({ rule }) => {
    if (rule.objectLock === 'ignore') return notKept('The rule leaves retention at the source.')
    return rule.fidelity.shortenGovernance
      ? kept('Shortened at the target too, with the right to go past governance retention (rule).')
      : refused(
          'What is locked at the target stays locked as long as it was first promised: the change is listed as a failure. The rule can allow it.',
        )
  },
  checksum: ({ to }) => carried(to, kept('Sent along: the target compares it with what arrives, and keeps it.')),
  'composite-checksum': ({ to }) =>
    carried(
      to,
      kept('Each part is sent with a checksum of its own: the whole comes out the same with the same parts.'),
    ),
  'sse-s3': ({ to }) =>
    translated(
      to.sseS3 === false
        ? 'Encrypted only where the target’s disks are: this site does not encrypt when it is asked to.'
        : 'Encrypted as the target encrypts by itself (the default encryption of its bucket); nothing is asked for.',
    ),
  'sse-kms': ({ rule }) =>
    rule.fidelity.kmsKeyId === null
      ? refused('Listed as failures until the rule names a key of the target’s key service; never stored without one.')
      : translated(
          `Read in clear, sent over this link, and encrypted at the target under its key ${rule.fidelity.kmsKeyId} (rule).`,
        ),
  'sse-c': ({ rule }) => {
    const { sseCKeys } = rule.fidelity
    return sseCKeys.length === 0
      ? refused('Only the client has the key: listed as failures until the rule names it (fidelity.sseCKeys).')
      : kept(
          `Read with ${sseCKeys.length === 1 ? 'the key' : 'one of the keys'} ${sseCKeys.join(', ')} (rule), and stored under the same. ` +
            'Objects under any other key are listed as failures.',
        )
  },
  acl: ({ rule, to }) => {
    if (rule.fidelity.acl === 'leave') return aclLeft
    return byTrait(
      to.acl,
      kept(
        'Set at the target as at the source (rule), for one request per version; two more where there is such a grant.',
      ),
      notKept(
        'This site keeps no access lists: the policy of its bucket decides who may read. What is lost is counted.',
      ),
    )
  },
  'acl-signed-in': ({ rule, source, target, to }) => {
    if (rule.fidelity.acl === 'leave') return aclLeft
    if (to.acl === false) return notKept('This site keeps no access lists. What is lost is counted.')
    if (target === null) return unknown(notProbed)
    return isOneKind(source, target)
      ? kept('Set at the target too (rule), where it means the users of the target.')
      : notKept(
          'It could mean more people at a site of another kind (at AWS: whoever has an account), so it is not set.',
        )
  },
  'acl-users': ({ rule }) =>
    rule.fidelity.acl === 'leave'
      ? aclLeft
      : notKept('An id of one site names nobody, or somebody else, at another: never granted there, and counted.'),
  'storage-class': ({ rule, to }) => {
    if (rule.storageClass !== null)
      return translated(
        `Stored as ${rule.storageClass}, as the rule says. An object that the target refuses in that class is listed as a failure.`,
      )
    return byTrait(
      to.storageClasses,
      kept(),
      translated('As at the source if the target has a class of that name, otherwise in the target’s own.'),
    )
  },
  archived: () =>
    refused(
      'An archived object (GLACIER, DEEP_ARCHIVE) cannot be read before it is restored at the source: it is listed as a failure until then.',
    ),
}

/** The table for one way from a source to a target; counting is the engine's. */
export function fidelityOf(
  rule: FidelityRule,
  source: KnownSite,
  target: KnownSite,
): readonly Omit<FidelityLine, 'notKeptCount'>[] {
  const pair: Pair = {
    rule,
    source,
    target,
    from: knownTraits(source),
    to: knownTraits(target),
  }
  const names = Object.keys(fidelityProperties) as FidelityProperty[]
  return names.map((property) => ({
    property,
    title: fidelityProperties[property],
    ...verdicts[property](pair),
  }))
}

export function fidelityKindsOf(rule: FidelityRule, source: KnownSite, target: KnownSite): FidelityKinds {
  const lines = fidelityOf(rule, source, target).map(({ property, kind }) => [property, kind] as const)
  return Object.fromEntries(lines) as Record<FidelityProperty, FidelityKind>
}
