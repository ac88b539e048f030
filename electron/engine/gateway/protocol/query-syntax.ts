type Syntax = (value: string) => boolean

const nothing: Syntax = (value) => value === ''
/** Any text: sites agree on what it says as long as no zero byte ends it. */
const text: Syntax = (value) => value.length <= 4096 && !value.includes('\0')
// oxlint-disable-next-line no-control-regex -- they are what such a name must not hold
const name: Syntax = (value) => /^[^\u0000-\u0020\u007f]{1,1024}$/.test(value)
const count: Syntax = (value) => /^\d{1,10}$/.test(value) && Number(value) <= 2_147_483_647
const oneOf =
  (...values: readonly string[]): Syntax =>
  (value) =>
    values.includes(value)
const partNumber: Syntax = (value) => /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 10_000
// oxlint-disable-next-line no-control-regex -- a header is made of it
const headerText: Syntax = (value) => value.length <= 4096 && !/[\u0000-\u001f\u007f]/.test(value)

/** How the value of each query name is written. A name that is not here selects an operation, and has no value. */
const syntaxes: ReadonlyMap<string, Syntax> = new Map([
  ['continuation-token', text],
  ['delimiter', text],
  ['encoding-type', oneOf('url')],
  ['events', (value) => /^[A-Za-z0-9:*]{1,100}$/.test(value)],
  ['fetch-owner', oneOf('true', 'false')],
  ['key-marker', text],
  ['list-type', oneOf('2')],
  ['marker', text],
  ['max-buckets', count],
  ['max-keys', count],
  ['max-parts', count],
  ['max-uploads', count],
  ['part-number-marker', count],
  ['partNumber', partNumber],
  ['ping', (value) => /^\d{1,5}$/.test(value)],
  ['prefix', text],
  ['response-cache-control', headerText],
  ['response-content-disposition', headerText],
  ['response-content-encoding', headerText],
  ['response-content-language', headerText],
  ['response-content-type', headerText],
  ['response-expires', headerText],
  ['select-type', oneOf('2')],
  ['start-after', text],
  ['suffix', text],
  ['upload-id-marker', text],
  ['uploadId', name],
  ['version-id-marker', text],
  ['versionId', name],
])

/** Names that may stand more than once. Of all others sites disagree which one counts. */
export const repeatable: ReadonlySet<string> = new Set(['events'])

/** Names that clients add and that ask for nothing: the SDK's name of the operation, MinIO's wish for metadata in listings. */
export const ignored: ReadonlySet<string> = new Set(['x-id', 'metadata'])

/** Whether the value is one that S3 has for this name. */
export const isWellFormed = (queryName: string, value: string): boolean => (syntaxes.get(queryName) ?? nothing)(value)
