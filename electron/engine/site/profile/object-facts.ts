import { createHash } from 'node:crypto'
import type { FactValue } from '../../../../shared/model/site-facts.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import { onceNeighbour } from '../../rule/canary-keys.ts'
import type { Checksum, ObjectHead, Stored, Tags } from '../../store/port.ts'
import { canaryBody, type CanaryContent } from '../canary.ts'
import { unlessRefused, Undecided } from './answer.ts'
import type { ProbeContext } from './context.ts'

/** Letters of other languages and the signs that stricter sites refuse, one after the other in one value. */
const oddTags: Tags = { note: 'é 日本 ! ( ) , % \u0027 & ~' }
const plainTags: Tags = { note: 'plain' }

export async function tags(context: ProbeContext): Promise<FactValue<'tags'>> {
  const odd = await withTags(context, oddTags)
  if (odd === 'same') return 'any'
  if (odd === 'other') return 'changed'
  return (await withTags(context, plainTags)) === 'same' ? 'narrow' : 'none'
}

/** `none`: refused, or gone. */
async function withTags({ store, ...context }: ProbeContext, wanted: Tags): Promise<'same' | 'other' | 'none'> {
  const stored = await taken({ store, ...context }, { tags: wanted })
  if (stored === null) return 'none'
  const found = await unlessRefused(() => store.getTags(refOf(context, stored), { signal: context.signal }))
  const value = found?.['note']
  return value === undefined ? 'none' : value === wanted['note'] ? 'same' : 'other'
}

export async function emptyMetadata(context: ProbeContext): Promise<FactValue<'empty-metadata'>> {
  const stored = await taken(context, { metadata: { 'canary-empty': '' } })
  if (stored === null) return 'refused'
  const { metadata } = await headOf(context, stored)
  return Object.hasOwn(metadata, 'canary-empty') ? 'kept' : 'dropped'
}

export async function checksums(context: ProbeContext): Promise<FactValue<'checksums'>> {
  const right = sha256Of(canaryBody)
  const stored = await taken(context, { checksum: right })
  if (stored === null) return 'refused'
  const told = (await headOf(context, stored)).checksums
  if (!told.some(({ algorithm, value }) => algorithm === right.algorithm && value === right.value)) return 'dropped'
  return (await taken(context, { checksum: sha256Of(Buffer.from('other')) })) === null ? 'kept' : 'unchecked'
}

export async function conditionalWrites({ canary, signal }: ProbeContext): Promise<FactValue<'conditional-writes'>> {
  const once = (): Promise<Stored | null> =>
    unlessRefused(() => canary.write(onceNeighbour, {}, signal, { ifAbsent: true }))
  if ((await once()) === null) return 'refused'
  return (await once()) === null ? 'honoured' : 'ignored'
}

/** By an upload of one part: a site that knows of parts says how many there are when it is asked for the first. */
export async function partSizes({ store, ...context }: ProbeContext): Promise<FactValue<'part-sizes'>> {
  const { canary, signal } = context
  const stored = await unlessRefused(() => canary.upload(signal))
  if (stored === null) return 'refused'
  const head = await unlessRefused(() => store.head(refOf(context, stored), { signal, partNumber: 1 }))
  return head === null || head.partsCount === null ? 'not-told' : 'told'
}

const taken = ({ canary, signal }: ProbeContext, content: CanaryContent): Promise<Stored | null> =>
  unlessRefused(() => canary.write('', content, signal))

async function headOf({ store, ...context }: ProbeContext, stored: Stored): Promise<ObjectHead> {
  const head = await store.head(refOf(context, stored), { signal: context.signal })
  if (head === null) throw new Undecided('What was written could not be read back.')
  return head
}

const refOf = ({ view, canary }: Pick<ProbeContext, 'view' | 'canary'>, { versionId }: Stored): ObjectRef => ({
  bucket: view.name,
  key: canary.key,
  ...(versionId === null ? {} : { versionId }),
})

const sha256Of = (bytes: Uint8Array): Checksum => ({
  algorithm: 'sha256',
  type: 'FULL_OBJECT',
  value: createHash('sha256').update(bytes).digest('base64'),
})
