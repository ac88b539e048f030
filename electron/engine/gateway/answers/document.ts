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
