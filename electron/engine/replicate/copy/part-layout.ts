import { createHash } from 'node:crypto'
import type { ObjectHead, ObjectStore } from '../../store/port.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'

const mebibyte = 1024 * 1024
/** S3 takes at most 5 GiB in one PUT. */
export const singlePutLimitBytes = 5 * 1024 * mebibyte
/** Part sizes that clients use: the defaults of SDKs, rclone, mc, s3cmd and their doublings. */
const usualPartSizes = [
  5, 6, 7, 8, 10, 12, 15, 16, 20, 24, 25, 32, 48, 50, 60, 64, 96, 100, 120, 128, 192, 200, 250, 256, 384, 500, 512,
  1000, 1024, 2048, 4096, 5120,
].map((mib) => mib * mebibyte)

/** Number of parts that an ETag speaks of: `…-7` → 7; null for one written in a single PUT. */
export function partsInEtag(etag: string): number | null {
  const dash = etag.lastIndexOf('-')
  if (dash < 0) return null
  const count = Number(etag.slice(dash + 1))
  return Number.isInteger(count) && count > 0 ? count : null
}

/** Equal parts with a shorter last one. */
export function evenLayout(sizeBytes: number, partBytes: number): readonly number[] {
  const layout: number[] = []
  for (let left = sizeBytes; left > 0; left -= partBytes) layout.push(Math.min(left, partBytes))
  return layout.length === 0 ? [0] : layout
}

/** Layouts by which a client may have uploaded this many bytes in this many parts, the usual ones first. */
export function likelyLayouts(sizeBytes: number, parts: number): readonly (readonly number[])[] {
  const fits = (partBytes: number): boolean => Math.ceil(sizeBytes / partBytes) === parts
  const sizes = usualPartSizes.filter(fits)
  const even = Math.ceil(sizeBytes / parts)
  const rounded = Math.ceil(even / mebibyte) * mebibyte
  for (const size of [rounded, even]) if (!sizes.includes(size) && fits(size)) sizes.push(size)
  return parts === 1 ? [[sizeBytes]] : sizes.map((size) => evenLayout(sizeBytes, size))
}

/** The ETag that S3 gives to parts with these hex MD5s. */
export function multipartEtag(partMd5s: readonly string[]): string {
  const hash = createHash('md5')
  for (const md5 of partMd5s) hash.update(md5, 'hex')
  return `${hash.digest('hex')}-${partMd5s.length}`
}

/**
 * The part sizes of a version at its source, so that the replica's ETag comes out the same. Asked part by part where the
 * site tells (`partNumber`), else the likeliest. Objects too large for one PUT get even parts whatever their ETag says.
 */
export async function layoutAtSource(
  source: ObjectStore,
  ref: ObjectRef,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const parts = partsInEtag(head.etag)
  if (parts === null) return evenLayout(head.sizeBytes, Math.max(64 * mebibyte, Math.ceil(head.sizeBytes / 10_000)))
  const first = await source.head(ref, { partNumber: 1, signal })
  if (first?.partsCount === parts && parts > 1)
    return askedLayout(source, ref, head.sizeBytes, first.sizeBytes, parts, signal)
  return likelyLayouts(head.sizeBytes, parts)[0] ?? evenLayout(head.sizeBytes, Math.ceil(head.sizeBytes / parts))
}

async function askedLayout(
  source: ObjectStore,
  ref: ObjectRef,
  sizeBytes: number,
  firstBytes: number,
  parts: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const even = evenLayout(sizeBytes, firstBytes)
  // Nearly every client sends equal parts: one more question (the second part) tells, and spares thousands.
  if (even.length === parts) {
    const second = await source.head(ref, { partNumber: 2, signal })
    if (second?.sizeBytes === even[1]) return even
  }
  const layout = [firstBytes]
  for (let part = 2; part <= parts; part++) {
    const head = await source.head(ref, { partNumber: part, signal })
    if (head === null) return even
    layout.push(head.sizeBytes)
  }
  return layout
}
