import type { FidelityProperty } from '../../../shared/model/fidelity.ts'
import { withoutOrigin } from '../replicate/marks/origin.ts'
import type { ContentHeaders, ObjectHead } from '../store/port.ts'
import { withoutAwsChunked } from '../s3/content-coding.ts'
import { metadataPrefix } from '../s3/header-names.ts'

export interface HeaderDifference {
  /** The property of the link's fidelity that speaks of it; null when none does. */
  readonly property: FidelityProperty | null
  readonly detail: string
}

/** Where the headers and the user metadata of two versions differ, in words. What says the same in two ways is no difference. Pure. */
export function headerDifferences(source: ObjectHead, target: ObjectHead): readonly HeaderDifference[] {
  const here = named(source)
  const there = named(target)
  return [...new Set([...Object.keys(here), ...Object.keys(there)])]
    .filter((name) => !isSame(name, here[name], there[name]))
    .map((name) => ({
      property: propertyOf(name, here[name], there[name]),
      detail: `${name}: ${here[name] ?? 'not set'} at the source, ${there[name] ?? 'not set'} at the target.`,
    }))
}

function propertyOf(name: string, here: string | undefined, there: string | undefined): FidelityProperty | null {
  if (name === 'websiteRedirectLocation' && there === undefined) return 'website-redirect'
  return here === '' && there === undefined && name.startsWith(metadataPrefix) ? 'empty-metadata' : null
}

/** A standard header that is there and empty says no more than one that is not. */
function isSame(name: string, a: string | undefined, b: string | undefined): boolean {
  if (name.startsWith(metadataPrefix)) return a === b
  return name === 'contentType' ? isSameType(a, b) : (a ?? '') === (b ?? '')
}

/** What sites say of an object that was written without a type: AWS and Ceph, MinIO, nothing. */
const untyped: ReadonlySet<string> = new Set(['', 'binary/octet-stream', 'application/octet-stream'])

/** No type at one side is met by what the other says of objects without one. */
function isSameType(a = '', b = ''): boolean {
  return a === b || ((a === '' || b === '') && untyped.has(a) && untyped.has(b))
}

function named({ content, metadata }: ObjectHead): Record<string, string | undefined> {
  return { ...plainContent(content), ...prefixed(withoutOrigin(metadata)) }
}

/** Without the transfer's own coding, which some sites store with the object. */
function plainContent(content: ContentHeaders): Record<string, string | undefined> {
  return { ...content, contentEncoding: content.contentEncoding && withoutAwsChunked(content.contentEncoding) }
}

const prefixed = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`${metadataPrefix}${name}`, value]))
