import { S3Error } from './s3-error.ts'
import { encodeQuery, type QueryPair } from './uri.ts'

/** The query of a request, decoded, in the order of the wire. Names may repeat (`events=…&events=…`). */
export class Query {
  readonly pairs: readonly QueryPair[]

  constructor(pairs: readonly QueryPair[]) {
    this.pairs = pairs
  }

  has(name: string): boolean {
    return this.pairs.some(([found]) => found === name)
  }

  /** The first value; undefined when the name is not there. */
  get(name: string): string | undefined {
    return this.pairs.find(([found]) => found === name)?.[1]
  }

  all(name: string): readonly string[] {
    return this.pairs.filter(([found]) => found === name).map(([, value]) => value)
  }
}

/** Presigned URLs with everything that S3 has stay far below. */
const mostPairs = 64
const longestBytes = 16 * 1024

/** Parses the part after `?`. A plus is a space here, unlike in the path. */
export function parseQuery(raw: string): Query {
  if (raw === '') return new Query([])
  if (raw.length > longestBytes) throw new S3Error('InvalidURI', { message: 'The query is too long.' })
  const given = raw.split('&', mostPairs + 1)
  if (given.length > mostPairs) throw new S3Error('InvalidURI', { message: 'The query names too much.' })
  const pairs = given
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      const name = at < 0 ? pair : pair.slice(0, at)
      return [decode(name), at < 0 ? '' : decode(pair.slice(at + 1))] as const
    })
  return new Query(pairs)
}

const decode = (text: string): string => decodePercent(text.replaceAll('+', ' '))

/** Percent-decoding that refuses what is not legal UTF-8. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new S3Error('InvalidURI', { cause })
  }
}

/** As it is signed: without the signature itself. */
export const canonicalQuery = (query: Query): string =>
  encodeQuery(query.pairs.filter(([name]) => name !== 'X-Amz-Signature'))
