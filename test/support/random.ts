/** A seeded source of randomness: the same seed gives the same run, so that a failure can be repeated. */
export class Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 ≤ n < 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!
  }

  /** A generator of its own for a part of the work, independent of how far this one got elsewhere. */
  fork(): Random {
    return new Random(this.int(0, 0xffff_ffff))
  }
}

const pool = makePool(8 << 20)

/** Bytes that no other seed and length shares; cut from one pool, so that making them costs a copy only. */
export function bytesOf(seed: number, sizeBytes: number): Buffer {
  const out = Buffer.allocUnsafe(sizeBytes)
  const offset = (seed >>> 0) % pool.length
  for (let at = 0, from = offset; at < sizeBytes; from = 0) at += pool.copy(out, at, from, from + sizeBytes - at)
  if (sizeBytes >= 8) {
    out.writeUInt32LE(seed >>> 0, 0)
    out.writeUInt32LE(sizeBytes, 4)
  } else if (sizeBytes > 0) out.fill(seed & 0xff, 0)
  return out
}

function makePool(sizeBytes: number): Buffer {
  const random = new Random(0x10c5)
  const words = new Uint32Array(sizeBytes / 4)
  for (let index = 0; index < words.length; index++) words[index] = random.int(0, 0xffff_ffff)
  return Buffer.from(words.buffer)
}
