import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** The full-object checksums that S3 clients send as `x-amz-checksum-<name>`. */
export const checksumAlgorithms = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

export const checksumHeaderName = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm}`

export interface RunningChecksum {
  update(bytes: Uint8Array): void
  /** Base64 of the big-endian value, as in the header. */
  digest(): string
}

/** Starts a checksum of the given kind. */
export function startChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  if (algorithm === 'crc32') return crc((state, bytes) => crc32(bytes, state))
  if (algorithm === 'crc32c') return crc(crc32c)
  if (algorithm === 'crc64nvme') return crc64()
  const hash = createHash(algorithm)
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') }
}

function crc(step: (state: number, bytes: Uint8Array) => number): RunningChecksum {
  let state = 0
  return {
    update: (bytes) => {
      state = step(state, bytes)
    },
    digest: () => {
      const value = Buffer.alloc(4)
      value.writeUInt32BE(state >>> 0)
      return value.toString('base64')
    },
  }
}

/** Castagnoli's polynomial, reflected. */
const crc32cTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value
})

function crc32c(state: number, bytes: Uint8Array): number {
  let value = ~state
  for (const byte of bytes) value = crc32cTable[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return ~value >>> 0
}

/** The reflected polynomial of CRC-64/NVME; halves, because JavaScript shifts 32 bits and BigInt is too slow per byte. */
const [crc64High, crc64Low] = crc64Tables(0x9a6c9329, 0xac4bc9b5)

function crc64Tables(polynomialHigh: number, polynomialLow: number): readonly [Uint32Array, Uint32Array] {
  const highs = new Uint32Array(256)
  const lows = new Uint32Array(256)
  for (let index = 0; index < 256; index++) {
    let high = 0
    let low = index
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1
      low = (low >>> 1) | ((high & 1) << 31)
      high >>>= 1
      if (odd) {
        high ^= polynomialHigh
        low ^= polynomialLow
      }
    }
    highs[index] = high
    lows[index] = low
  }
  return [highs, lows]
}

function crc64(): RunningChecksum {
  let high = ~0
  let low = ~0
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff
        low = crc64Low[index]! ^ ((low >>> 8) | (high << 24))
        high = crc64High[index]! ^ (high >>> 8)
      }
    },
    digest: () => {
      const value = Buffer.alloc(8)
      value.writeUInt32BE(~high >>> 0, 0)
      value.writeUInt32BE(~low >>> 0, 4)
      return value.toString('base64')
    },
  }
}
