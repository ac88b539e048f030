import { element, xmlDocument } from '../../s3/xml-write.ts'
import { named } from './tagging.ts'
import { header, versionHeader, xmlAnswer, type SandboxOperation } from '../exchange.ts'
import type { Version } from '../version-table.ts'

const parts: Readonly<Record<string, (version: Version) => string>> = {
  ETag: (version) => element('ETag', version.etag),
  ObjectSize: (version) => element('ObjectSize', version.sizeBytes),
  StorageClass: (version) => element('StorageClass', version.storageClass),
  Checksum: ({ facts }) => {
    const checksums = Object.entries(facts.checksums ?? {})
    const values = checksums.map(([name, value]) => element(`Checksum${name.toUpperCase()}`, value))
    return values.length === 0 ? '' : `<Checksum>${values.join('')}<ChecksumType>FULL_OBJECT</ChecksumType></Checksum>`
  },
  ObjectParts: ({ facts, segments }) =>
    facts.multipart === true ? `<ObjectParts>${element('PartsCount', segments.length)}</ObjectParts>` : '',
}

export const getObjectAttributes: SandboxOperation = (site, exchange) => {
  const { bucket, version } = named(site, exchange)
  const asked = (header(exchange.headers, 'x-amz-object-attributes') ?? '').split(',').map((name) => name.trim())
  const content = asked.map((name) => parts[name]?.(version) ?? '').join('')
  return xmlAnswer(xmlDocument('GetObjectAttributesResponse', content), {
    'last-modified': new Date(version.modifiedAt).toUTCString(),
    ...versionHeader(bucket, version.versionId),
  })
}
