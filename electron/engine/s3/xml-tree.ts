import { scanXml, XmlError, type Strictness } from './xml-scan.ts'

/** An element of a document that was read. Names without their namespace's prefix. */
export interface XmlElement {
  readonly name: string
  /** '' where there are elements within. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** What S3 nests, and some more. */
const mostLevels = 100

/** Reads a site's answer and gives its root element; null when it is not XML or has another root. */
export const parseXml = (document: Buffer, root: string): XmlElement | null => parse(document, root, 'lenient')

/** The same of what a client wrote: null too where two readers could read different things out of it. */
export const parseRequestXml = (document: Buffer, root: string): XmlElement | null => parse(document, root, 'strict')

interface OpenElement extends XmlElement {
  readonly children: XmlElement[]
}

function parse(document: Buffer, root: string, strictness: Strictness): XmlElement | null {
  const outside: OpenElement = { name: '', text: '', children: [] }
  const open: OpenElement[] = [outside]
  const add = (element: OpenElement): void => void open.at(-1)!.children.push(element)
  try {
    scanXml(
      document,
      {
        open(name) {
          if (open.length > mostLevels) throw new XmlError('the XML is too deep')
          const element: OpenElement = { name, text: '', children: [] }
          add(element)
          open.push(element)
        },
        close: () => void open.pop(),
        leaf: (name, text) => add({ name, text, children: [] }),
      },
      strictness,
    )
  } catch (error) {
    if (error instanceof XmlError) return null
    throw error
  }
  const [found] = outside.children
  return found?.name === root ? found : null
}

/** The text of a child element, the first of that name; undefined when there is none. */
export const childText = (element: XmlElement, name: string): string | undefined =>
  element.children.find((child) => child.name === name)?.text

/** All child elements of that name, in order. */
export const children = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((child) => child.name === name)
