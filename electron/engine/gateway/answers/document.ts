import type { Pumped } from '../../s3/pumped.ts'
import { scanXml, XmlError } from '../../s3/xml-scan.ts'

export interface AnswerDocument {
  readonly root: string
  /** The values of the elements without children, first of each name. */
  readonly leaves: ReadonlyMap<string, string>
}

/** Reads a short document of a site; null when it is not one. */
export function readDocument(bytes: Buffer): AnswerDocument | null {
  let root: string | null = null
  const leaves = new Map<string, string>()
  try {
    scanXml(bytes, {
      open: (name) => {
        root ??= name
      },
      close: () => {},
      leaf: (name, text) => {
        root ??= name
        if (!leaves.has(name)) leaves.set(name, text)
      },
    })
  } catch (error) {
    if (error instanceof XmlError) return null
    throw error
  }
  return root === null ? null : { root, leaves }
}

/** Far beyond what S3 says of a copied or joined object. */
const longestBytes = 64 * 1024

/**
 * The body of an answer that began before its site had anything to say, with spaces that keep the connection. The spaces pass;
 * the document that ends them is rewritten.
 */
export function lateDocument(body: Pumped, rewrite: (document: Buffer) => Buffer): Pumped {
  return {
    async pump(take) {
      const pieces: Buffer[] = []
      let gathered = 0
      await body.pump((piece) => {
        if (gathered === 0 && piece.every(isBlank)) return take(piece)
        gathered += piece.length
        if (gathered > longestBytes) throw new Error('the site’s answer to a copy or a completed upload is too long')
        pieces.push(Buffer.from(piece))
        return undefined
      })
      await take(rewrite(Buffer.concat(pieces)))
    },
    destroy: (error) => body.destroy(error),
  }
}

const isBlank = (byte: number): boolean => byte === 32 || byte === 10 || byte === 13 || byte === 9
