/*
 * The canary suite: finds out in one bucket what a site keeps and how it lists. Each fact is asked by a function of its own
 * (`listing-facts.ts`, `object-facts.ts`); what keeps one from being found makes that one unknown and no other.
 */

import { fault, FaultError, type Fault } from '../../../../shared/model/fault.ts'
import type { BucketView } from '../../../../shared/model/site.ts'
import type { FactValue, SiteFactId } from '../../../../shared/model/site-facts.ts'
import type { SiteFact } from '../../../../shared/model/site-profile.ts'
import { once } from '../../base/once.ts'
import type { ObjectStore } from '../../store/port.ts'
import { withCanaryIn, type CanaryPorts } from '../canary.ts'
import { findIdentity } from '../capabilities.ts'
import { answer, Undecided, type FactAnswer } from './answer.ts'
import type { ProbeContext } from './context.ts'
import { markersVerdict, nestedKeys, oddKey, pagesVerdict, walkLayout, writeLayout } from './listing-facts.ts'
import { checksums, conditionalWrites, emptyMetadata, partSizes, tags } from './object-facts.ts'

type AskedFact = 'versioning' | 'object-lock'
type TriedFact = Exclude<SiteFactId, AskedFact | 'events'>
type Asks<I extends SiteFactId> = { readonly [One in I]: () => Promise<FactValue<One>> }
export type KnownFacts = Readonly<Partial<Record<SiteFactId, SiteFact>>>

export interface FoundProfile {
  readonly facts: KnownFacts
  /** What kept a canary from being removed; null when all of it is gone. */
  readonly left: Fault | null
}

/** Throws what concerns the whole site; the canaries are removed all the same. BUCKET_MISSING where there is no such bucket. */
export async function probeProfile(
  store: ObjectStore,
  bucket: string,
  ports: CanaryPorts,
  signal: AbortSignal,
): Promise<FoundProfile> {
  const view = await store.bucket(bucket, { signal })
  if (view === null) throw new FaultError(fault('BUCKET_MISSING', `There is no bucket ${bucket}.`))
  const noted = (found: FactAnswer<FactValue>): SiteFact => ({
    ...found,
    how: 'tried',
    bucket,
    asOf: ports.clock.now(),
  })
  const asked = await askedFacts(view, ports.clock.now())
  const { value, left } = await withCanaryIn(store, view, ports, (canary) =>
    triedFacts({ store, view, canary, versioned: view.versioning === 'Enabled', ports, signal }, noted),
  )
  return { facts: { ...asked, ...value }, left }
}

/** What a bucket said of itself at `now`. */
export const askedFacts = (view: BucketView, now: number): Promise<KnownFacts> =>
  answers(asks(view), (found) => ({ ...found, how: 'asked', bucket: view.name, asOf: now }))

type Note = (found: FactAnswer<FactValue>) => SiteFact

async function triedFacts(context: ProbeContext, note: Note): Promise<KnownFacts> {
  const obstacle = await writingObstacle(context)
  const all = tries(context)
  if (obstacle === null) return answers(all, note)
  return Object.fromEntries(Object.keys(all).map((id) => [id, note({ value: null, why: obstacle })]))
}

/** One after the other: the canaries of one question are not in the way of the next. */
async function answers(questions: Partial<Asks<SiteFactId>>, note: Note): Promise<KnownFacts> {
  const found: Partial<Record<SiteFactId, SiteFact>> = {}
  for (const [id, ask] of Object.entries(questions) as [SiteFactId, () => Promise<FactValue>][])
    found[id] = note(await answer(ask))
  return found
}

const asks = (view: BucketView): Asks<AskedFact> => ({
  versioning: () => Promise.resolve(versioningOf(view)),
  'object-lock': () => Promise.resolve(lockOf(view)),
})

function versioningOf({ versioning, versioningUntold }: BucketView): FactValue<'versioning'> {
  if (versioningUntold === true) throw new Undecided('The key may not read it (s3:GetBucketVersioning).')
  return ({ Enabled: 'on', Suspended: 'suspended', Off: 'off', unknown: 'cannot' } as const)[versioning]
}

function lockOf({ objectLock, lockUntold }: BucketView): FactValue<'object-lock'> {
  if (lockUntold === true) throw new Undecided('The key may not read it (s3:GetBucketObjectLockConfiguration).')
  return objectLock ? 'on' : 'off'
}

/** Every question that takes canaries, in the order in which they are asked. */
function tries(context: ProbeContext): Asks<TriedFact> {
  const identity = once(() => identityOf(context))
  const layout = once(() => writeLayout(context))
  const walk = once(async () => walkLayout(context, await layout()))
  return {
    'version-ids': async () => (await identity()).identity,
    'version-order': async () => ((await identity()).ordersByMtime ? 'by-time' : 'by-arrival'),
    'listing-pages': async () => pagesVerdict(await layout(), await walk()),
    'listing-markers': async () => markersVerdict(context, await layout(), await walk()),
    'nested-keys': async () => nestedKeys(context, await layout(), await walk()),
    'double-slash': () => oddKey(context, 'double-slash'),
    'trailing-space': () => oddKey(context, 'trailing-space'),
    'unicode-forms': () => oddKey(context, 'unicode-forms'),
    tags: () => tags(context),
    'empty-metadata': () => emptyMetadata(context),
    checksums: () => checksums(context),
    'conditional-writes': () => conditionalWrites(context),
    'part-sizes': () => partSizes(context),
  }
}

async function identityOf({ canary, store, view, versioned, ports, signal }: ProbeContext): Promise<{
  readonly identity: FactValue<'version-ids'>
  readonly ordersByMtime: boolean
}> {
  if (!versioned) throw new Undecided('There are no versions where versioning is not on.')
  const { identity, ordersByMtime } = await findIdentity(canary, store, view.name, ports, signal)
  if (identity === 'unknown') throw new Undecided('A canary could not be read back.')
  return { identity, ordersByMtime }
}

/**
 * Why nothing is to be written here, a sentence; null where canaries can be removed again. What is locked for years, or may not be
 * deleted or found, would stay: one object is tried before the others.
 */
async function writingObstacle({ store, view, canary, signal }: ProbeContext): Promise<string | null> {
  if (view.lockUntold === true)
    return 'Nothing was written: the key may not read how long objects here are locked (s3:GetBucketObjectLockConfiguration).'
  const { why } = await answer(async () => {
    await canary.all(store, view.name, signal)
    const stored = await canary.write('', {}, signal)
    // What the bucket locks by itself can be deleted when the canary's own short retention has passed.
    if (view.locksByDefault !== true) await canary.takeBack(stored)
  })
  return why
}
