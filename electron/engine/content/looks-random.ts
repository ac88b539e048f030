/*
 * Content detection for the ransomware brake: tells by a sample whether bytes are recognisable or look random. Called by
 * `replicate/attempt/detect-ransomware.ts` with the first bytes of what is copied.
 */

import { isUtf8 } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'
import { knownType } from './signatures.ts'

/** So much of a body is looked at: enough to see whether it compresses, also behind a short header in clear. */
export const sampleBytes = 8 * 1024

/** Below this nothing can be told of bytes that are no text. */
const fewestBytes = 16
/** Here compression has room to show. */
const enoughToCompress = 256
/** Random bytes do not shrink at all, text in base64 by a quarter. */
const incompressible = 0.92

/** Text, a type that is known by its first bytes, or anything that compresses: what encrypted content never is. Pure. */
export function isRecognisable(sample: Buffer): boolean {
  if (sample.length === 0) return false
  return isText(sample) || (sample.length >= enoughToCompress && shrinks(sample)) || knownType(sample) !== null
}

/** Does the beginning of a body look like random bytes, as encrypted content does? False where it is too short to tell. Pure. */
export const looksRandom = (sample: Buffer): boolean => sample.length >= fewestBytes && !isRecognisable(sample)

const shrinks = (sample: Buffer): boolean =>
  deflateRawSync(sample, { level: 1 }).length < sample.length * incompressible

/** A character that the end of the sample cuts in two does not count against it. */
function isText(sample: Buffer): boolean {
  const whole = [0, 1, 2, 3].some((cut) => isUtf8(sample.subarray(0, Math.max(1, sample.length - cut))))
  return whole && !sample.some((byte) => byte < 0x20 && !allowedControls.has(byte))
}

/** Tab, line feed, form feed, carriage return, escape. */
const allowedControls: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b])
