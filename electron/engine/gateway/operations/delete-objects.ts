import type { Change } from '../../feed/port.ts'
import { S3Error } from '../protocol/s3-error.ts'
import { childText, children, parseXml, type XmlNode } from '../protocol/xml.ts'
import type { Operation } from '../exchange.ts'
import { write } from './write.ts'

/** 1000 keys of 1024 bytes each, with version ids and entities, fit twice over. */
const longestBytes = 4 * 1024 * 1024
const mostKeys = 1000
/** Key, version, ETag, time and size of each, with room: more is not read at all, for reading stops everything else. */
const mostTags = mostKeys * 20

interface Named {
  readonly key: string
  /** null: a marker is asked for. */
  readonly versionId: string | null
}

/** DeleteObjects: one request, a change for each key that the site says it deleted. */
export const deleteObjects: Operation = async (world, exchange) => {
  const body = await exchange.body.collect(longestBytes)
  const document = body.body
  if (moreTagsThan(mostTags, document)) throw new S3Error('MalformedXML')
  const named = readRequest(document.toString('utf8'))
  return write(world, exchange, {
    body,
    intended: named.map(({ key, versionId }) => ({ key, versionId, operation: operationOf(versionId) })),
    changes: ({ status, bytes }) =>
      status >= 300
        ? []
        : done(named, bytes.toString('utf8')).map(({ key, versionId, asked }) => ({
            key,
            versionId,
            operation: operationOf(asked),
            sizeBytes: null,
            changedAt: world.now(),
          })),
  })
}

function moreTagsThan(most: number, document: Buffer): boolean {
  let tags = 0
  for (let at = document.indexOf('<'); at >= 0; at = document.indexOf('<', at + 1)) if (++tags > most) return true
  return false
}

const operationOf = (versionId: string | null): Change['operation'] =>
  versionId === null ? 'deleteMarker' : 'deleteVersion'

function readRequest(text: string): readonly Named[] {
  // Nothing that S3 sends or takes declares entities; what does is meant to grow.
  const root = text.includes('<!DOCTYPE') ? null : parseXml(text, 'Delete')
  const named = root === null ? [] : children(root, 'Object').map(readObject)
  if (named.length === 0 || named.length > mostKeys) throw new S3Error('MalformedXML')
  return named
}

function readObject(node: XmlNode): Named {
  const key = childText(node, 'Key')
  if (key === undefined || key === '') throw new S3Error('MalformedXML')
  const versionId = childText(node, 'VersionId')
  return { key, versionId: versionId === undefined || versionId === '' ? null : versionId }
}

/** What was asked for less what was refused: a quiet answer names only refusals. Markers by their ids where it tells them. */
function done(
  named: readonly Named[],
  text: string,
): readonly { readonly key: string; readonly versionId: string | null; readonly asked: string | null }[] {
  const root = parseXml(text, 'DeleteResult') ?? ''
  const nameOf = (node: XmlNode): string => `${childText(node, 'VersionId') ?? ''} ${childText(node, 'Key') ?? ''}`
  const refused = new Set(children(root, 'Error').map(nameOf))
  const markers = new Map(
    children(root, 'Deleted').map((node) => [nameOf(node), childText(node, 'DeleteMarkerVersionId')] as const),
  )
  return named
    .map(({ key, versionId }) => ({ key, asked: versionId, name: `${versionId ?? ''} ${key}` }))
    .filter(({ name }) => !refused.has(name))
    .map(({ key, asked, name }) => ({ key, asked, versionId: asked ?? markers.get(name) ?? null }))
}
