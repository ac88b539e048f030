import type { DifferenceKind, ExceptionKind, NotSeen } from '../../../shared/model/compare.ts'
import type { FidelityProperty } from '../../../shared/model/fidelity.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import {
  aclOf,
  carriedAcl,
  groupDifference,
  leftAtSource,
  propertyOf,
  rightText,
  setsAny,
} from '../replicate/fidelity/acl.ts'
import { digestOf } from '../replicate/versions/same-content.ts'
import { narrowed, sameTags } from '../replicate/fidelity/fallback.ts'
import { sameLock, unlocked } from '../replicate/copy/metadata.ts'
import type { Encryption, Lock, ObjectHead, ObjectStore, VersionEntry } from '../store/port.ts'
import { headerDifferences } from './header-differences.ts'
import { contentDetail, isPlain } from './key-differences.ts'
import type { Findings, PairOfVersions, SideName } from './findings.ts'
import type { CompareRun } from './port.ts'

export interface PairLook extends Findings {
  /** It went, or became another, between the listing and now: what the listing said of it holds no more. */
  readonly isStale: boolean
}

/**
 * The look at one pair of versions beyond the listing: headers, user metadata, tags, locks, encryption; at the level `bytes` every
 * byte too. A side that does not answer makes a version that was not seen, never a failure of the whole.
 */
export async function comparePair(pair: PairOfVersions, run: CompareRun): Promise<PairLook> {
  const look = await new Look(pair, run).whole()
  if (look.notSeen.length === 0) run.failFast.answered()
  for (const { fault: met } of look.notSeen) run.failFast.refused(met)
  return look
}

/** Says whether two ETags that differ, of versions of one size, say that the bytes do. */
export const areComparable = (pair: PairOfVersions, heads: readonly ObjectHead[]): boolean =>
  pair.every(({ etag }) => isPlain(etag)) && heads.every(({ encryption }) => keepsMd5(encryption))

/** Under SSE-KMS and SSE-C the ETag is no digest of the bytes. */
const keepsMd5 = ({ kind }: Encryption): boolean => kind === 'none' || kind === 'sse-s3'

interface ComparedSide {
  readonly name: SideName
  readonly store: ObjectStore
  readonly listed: VersionEntry
  readonly ref: ObjectRef
  readonly head: ObjectHead
}

class Look {
  readonly #pair: PairOfVersions
  readonly #parts: CompareRun
  readonly #differences: Findings['differences'][number][] = []
  readonly #exceptions: Findings['exceptions'][number][] = []
  readonly #notSeen: Findings['notSeen'][number][] = []
  #isStale = false

  constructor(pair: PairOfVersions, parts: CompareRun) {
    this.#pair = pair
    this.#parts = parts
  }

  async whole(): Promise<PairLook> {
    await this.#try(() => this.#look())
    return {
      differences: this.#differences,
      exceptions: this.#exceptions,
      notSeen: this.#notSeen,
      isStale: this.#isStale,
    }
  }

  async #look(): Promise<void> {
    const [a, b] = await Promise.all([this.#side('source', this.#pair[0]), this.#side('target', this.#pair[1])])
    if (a === null || b === null) return this.#stale(a === null ? 'source' : 'target')
    for (const { property, detail } of headerDifferences(a.head, b.head)) this.#unlike(property, 'metadata', detail)
    this.#encryption(a.head.encryption, b.head.encryption)
    this.#checksums(a.head, b.head)
    this.#storageClass(a.head, b.head)
    // What one of these cannot see, the others may.
    await this.#try(() => this.#tags(a, b))
    await this.#try(() => this.#locks(a, b))
    await this.#try(() => this.#acl(a, b))
    if (this.#parts.level === 'bytes') await this.#try(() => this.#bytes(a, b))
    else this.#etags(a, b)
  }

  async #try(look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.#parts.signal.throwIfAborted()
      if (!(error instanceof FaultError)) throw error
      this.#unseen(error.fault)
    }
  }

  #unseen(why: NotSeen['fault']): void {
    const [{ key, versionId }] = this.#pair
    this.#notSeen.push({ linkId: this.#parts.link.linkId, key, versionId, fault: why })
  }

  /** null when it is not there as the listing told. */
  async #side(name: SideName, listed: VersionEntry): Promise<ComparedSide | null> {
    const { link, signal } = this.#parts
    const store = this.#parts[name]
    const ref: ObjectRef = { bucket: link[name].bucket, key: listed.key, versionId: listed.versionId }
    const head = await store.head(ref, { signal })
    if (head === null || isAnother(listed, head)) return null
    if (head.tagCount > 0) this.#parts.sides.saw(name, listed, 'tags')
    if (head.lock !== null) this.#parts.sides.saw(name, listed, 'locks')
    return { name, store, ref, head, listed }
  }

  #stale(side: SideName): void {
    const { site } = this.#parts.link[side]
    const message = `Site ${site} lists this version and does not give it as it is listed.`
    this.#isStale = true
    this.#unseen(fault('ABSENCE_UNPROVEN', message, { site }))
  }

  #encryption(here: Encryption, there: Encryption): void {
    if (encryptionText(here) === encryptionText(there)) return
    const detail = `${encryptionText(here)} at the source, ${encryptionText(there)} at the target.`
    // Told is another key, not none: a copy that has lost its key service's protection is not what the rule promises.
    if (here.kind === 'sse-kms' && there.kind !== 'sse-kms') return this.#differs('encryption', detail)
    // What only the target encrypts, it encrypts by itself.
    this.#unlike(here.kind === 'none' ? 'sse-s3' : here.kind, 'encryption', detail)
  }

  /** A checksum that only the target tells takes nothing from the object. */
  #checksums(here: ObjectHead, there: ObjectHead): void {
    for (const { algorithm, type, value } of here.checksums) {
      const other = there.checksums.find((one) => one.algorithm === algorithm && one.type === type)
      const detail = `${algorithm} ${value} at the source, ${other?.value ?? 'none'} at the target.`
      if (other === undefined)
        this.#unlike(type === 'COMPOSITE' ? 'composite-checksum' : 'checksum', 'checksum', detail)
      // Those of parts tell of the bytes only where the parts are the same.
      else if (other.value !== value && type === 'FULL_OBJECT') this.#differs('checksum', detail)
      else if (other.value !== value) this.#unlike('composite-checksum', 'checksum', detail)
    }
  }

  async #tags(a: ComparedSide, b: ComparedSide): Promise<void> {
    const { signal, link } = this.#parts
    const isTold = [a, b].every(({ name, listed }) => this.#parts.sides.tellsTags(name, listed))
    if (isTold && a.head.tagCount + b.head.tagCount === 0) return
    const [here, there] = await Promise.all([a, b].map(({ store, ref }) => store.getTags(ref, { signal })))
    if (sameTags(here!, there!)) return
    const detail = `${JSON.stringify(here)} at the source, ${JSON.stringify(there)} at the target.`
    if (!link.rule.metadata) this.#except('changes-not-carried')
    else this.#unlike(sameTags(narrowed(here!), there!) ? 'refused-tags' : 'tags', 'tags', detail)
  }

  async #locks(a: ComparedSide, b: ComparedSide): Promise<void> {
    if (this.#parts.link.rule.objectLock === 'ignore') {
      if (this.#lockDiffers(a.head.lock, b.head.lock)) this.#except('lock')
      return
    }
    const [here, there] = await Promise.all([this.#lockOf(a), this.#lockOf(b)])
    if (!this.#lockDiffers(here, there)) return
    if (this.#parts.link.rule.metadata)
      this.#differs('lock', `${describeLock(here)} at the source, ${describeLock(there)} at the target.`)
    else this.#except('changes-not-carried')
  }

  async #lockOf({ name, store, ref, head, listed }: ComparedSide): Promise<Lock | null> {
    if (head.lock !== null || (await this.#parts.sides.tellsLocks(name, listed))) return head.lock
    return store.getLock(ref, { signal: this.#parts.signal })
  }

  /** Asked for only where the rule carries it. A copy that is more public than its source is a difference under every rule. */
  async #acl(a: ComparedSide, b: ComparedSide): Promise<void> {
    const { link, signal } = this.#parts
    const carried = carriedAcl(link)
    if (carried === null) return
    const here = await aclOf(a.store, a.ref, { signal })
    for (const property of leftAtSource(here, carried)) this.#except(property)
    if (!setsAny(carried)) return
    const there = await aclOf(b.store, b.ref, { signal })
    const { missing, beyond } = groupDifference(here, there, carried)
    if (beyond.length > 0) this.#differs('acl', `${sentence(beyond)} at the target, not at the source.`)
    else if (missing.length > 0 && link.rule.metadata)
      for (const property of new Set(missing.map(propertyOf)))
        this.#unlike(
          property,
          'acl',
          `${sentence(missing.filter((right) => propertyOf(right) === property))} at the source, not at the target.`,
        )
    else if (missing.length > 0) this.#except('changes-not-carried')
  }

  /** A retention that has run out protects nothing, and is no difference. */
  #lockDiffers(here: Lock | null, there: Lock | null): boolean {
    const holds = (lock: Lock | null): boolean =>
      lock !== null &&
      (lock.legalHold || (lock.retainUntil !== null && Date.parse(lock.retainUntil) > this.#parts.now()))
    return !sameLock(here ?? unlocked, there) && (holds(here) || holds(there))
  }

  #storageClass(a: ObjectHead, b: ObjectHead): void {
    const [here, there] = [storageClassOf(a), storageClassOf(b)]
    if (here !== there) this.#unlike('storage-class', 'storage-class', `${here} at the source, ${there} at the target.`)
  }

  #etags(a: ComparedSide, b: ComparedSide): void {
    const [here, there] = this.#pair
    if (here.etag === there.etag || here.sizeBytes !== there.sizeBytes) return
    if (areComparable(this.#pair, [a.head, b.head])) this.#differs('content', contentDetail(this.#pair))
    else this.#except('etag-not-comparable')
  }

  async #bytes(a: ComparedSide, b: ComparedSide): Promise<void> {
    const { signal, tally, now } = this.#parts
    if (a.head.sizeBytes !== b.head.sizeBytes) return
    const [here, there] = await Promise.all([a, b].map(({ store, ref }) => digestOf(store, ref, signal)))
    if (here === null || there === null) return this.#stale(here === null ? 'source' : 'target')
    tally.read(a.head.sizeBytes, now())
    const isListed = this.#pair[0].etag !== this.#pair[1].etag
    if (here === there) {
      if (isListed) this.#except('etag-not-comparable')
    } else if (isListed && areComparable(this.#pair, [a.head, b.head]))
      this.#differs('content', contentDetail(this.#pair))
    else this.#differs('bytes', `SHA-256 ${here} at the source, ${there} at the target.`)
  }

  /** A difference, unless the link's fidelity says that the copy does not keep this, or keeps it in another way. */
  #unlike(property: FidelityProperty | null, kind: DifferenceKind, detail: string): void {
    const isTold = property !== null && ['translated', 'not-kept'].includes(this.#parts.link.fidelity[property])
    if (isTold) this.#except(property)
    else this.#differs(kind, detail)
  }

  #differs(kind: DifferenceKind, detail: string): void {
    const [{ key, versionId }] = this.#pair
    this.#differences.push({ linkId: this.#parts.link.linkId, kind, key, versionId, detail })
  }

  #except(kind: ExceptionKind): void {
    const [{ key, versionId }] = this.#pair
    this.#exceptions.push({ kind, key, versionId })
  }
}

/** Only a `null` version may be another from one moment to the next. */
const isAnother = ({ versionId, etag, sizeBytes }: VersionEntry, head: ObjectHead): boolean =>
  versionId === 'null' && (etag !== head.etag || sizeBytes !== head.sizeBytes)

const storageClassOf = ({ storageClass }: ObjectHead): string => storageClass ?? 'STANDARD'

function encryptionText(encryption: Encryption): string {
  if (encryption.kind === 'none') return 'not encrypted'
  if (encryption.kind === 'sse-kms') return `SSE-KMS with ${encryption.keyId ?? 'the site’s own key'}`
  if (encryption.kind === 'sse-c') return `SSE-C with the key of MD5 ${encryption.keyMd5 ?? 'unknown'}`
  return encryption.kind.toUpperCase()
}

function sentence(rights: readonly string[]): string {
  const text = rights.map(rightText).join(', ')
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function describeLock(lock: Lock | null): string {
  const { mode, retainUntil, legalHold } = lock ?? unlocked
  const parts = [mode === null ? '' : `${mode} until ${retainUntil}`, legalHold ? 'legal hold' : '']
  return parts.filter((part) => part !== '').join(' and ') || 'no lock'
}
