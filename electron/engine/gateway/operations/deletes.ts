import { hash } from 'node:crypto'
import type { Change } from '../../feed/port.ts'
import { checksumHeaderName, startChecksum } from '../../s3/checksum.ts'
import { children, childText, parseXml, type XmlElement } from '../../s3/xml-tree.ts'
import type { WholeBody } from '../client-body.ts'
import type { GatewayOperation } from '../context.ts'
import {
  deleteDocumentXml,
  parseDeleteDocument,
  type DeleteDocument,
  type DoomedObject,
} from '../protocol/delete-document.ts'
import { onlyRefused, refusedDeletes, withRefused } from './refused-deletes.ts'
import { write, type Write } from './write.ts'

/** 1000 keys of 1024 bytes each, with version ids and entities, fit twice over. */
const longestBytes = 4 * 1024 * 1024

/** DeleteObjects: of what the key may delete, a change for each that the site says it deleted. The rest is refused one by one. */
export const deleteObjects: GatewayOperation = async (context, exchange) => {
  const given = await exchange.body.collect(longestBytes)
  const asked = parseDeleteDocument(given.body)
  const refused = refusedDeletes(asked.objects, exchange.grant)
  const named = asked.objects.filter((object) => !refused.has(object))
  if (named.length === 0) return onlyRefused(refused)
  const document = { ...asked, objects: named }
  const reply = await write(context, exchange, {
    ...outgoing(document, given),
    intended: named.map(({ key, versionId }) => ({ key, versionId, operation: operationOf(versionId) })),
    changes: ({ status, bytes }) =>
      status >= 300
        ? []
        : done(named, bytes).map(({ key, versionId, asked }) => ({
            key,
            versionId,
            operation: operationOf(asked),
            sizeBytes: null,
            changedAt: context.now(),
          })),
  })
  return withRefused(reply, refused)
}

/** Written anew from what was read, so that the site deletes what was admitted and nothing else; with the client's kind of checksum. */
function outgoing(document: DeleteDocument, { checksums }: WholeBody): Pick<Write, 'body' | 'headers'> {
  const body = Buffer.from(deleteDocumentXml(document))
  const headers: Record<string, string> = { 'content-md5': hash('md5', body, 'base64') }
  for (const algorithm of checksums.keys()) {
    const running = startChecksum(algorithm)
    running.update(body)
    headers[checksumHeaderName(algorithm)] = running.digest()
  }
  return {
    headers,
    body: { body, sizeBytes: body.length, expectContinue: false, checksums: new Map(), trailing: [] },
  }
}

const operationOf = (versionId: string | null): Change['operation'] =>
  versionId === null ? 'deleteMarker' : 'deleteVersion'

/** What was asked for less what was refused: a quiet answer names only refusals. Markers by their ids where it tells them. */
function done(
  named: readonly DoomedObject[],
  answer: Buffer,
): readonly { readonly key: string; readonly versionId: string | null; readonly asked: string | null }[] {
  const root = parseXml(answer, 'DeleteResult')
  const told = (name: string): readonly XmlElement[] => (root === null ? [] : children(root, name))
  const nameOf = (node: XmlElement): string => `${childText(node, 'VersionId') ?? ''} ${childText(node, 'Key') ?? ''}`
  const refused = new Set(told('Error').map(nameOf))
  const markers = new Map(
    told('Deleted').map((node) => [nameOf(node), childText(node, 'DeleteMarkerVersionId')] as const),
  )
  return named
    .map(({ key, versionId }) => ({ key, asked: versionId, name: `${versionId ?? ''} ${key}` }))
    .filter(({ name }) => !refused.has(name))
    .map(({ key, asked, name }) => ({ key, asked, versionId: asked ?? markers.get(name) ?? null }))
}

/** DeleteObject: a marker without a version id, a purge with one. */
export const deleteObject: GatewayOperation = async (context, exchange) => {
  const { key, query } = exchange.call
  const versionId = query.get('versionId') ?? null
  const operation: Change['operation'] = versionId === null ? 'deleteMarker' : 'deleteVersion'
  const body = await exchange.body.open()
  return write(context, exchange, {
    body,
    intended: [{ key, operation, versionId }],
    changes({ status, headers }) {
      if (status >= 300) return []
      const made = versionId ?? headers['x-amz-version-id'] ?? null
      return [{ key, operation, versionId: made, sizeBytes: null, changedAt: context.now() }]
    },
  })
}
