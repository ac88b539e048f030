import type { ClientKey } from '../client-keys.ts'
import type { Reply } from '../exchange.ts'
import { checkDelete } from '../grant-limits.ts'
import type { DoomedObject } from '../protocol/delete-document.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { childText, children, parseXml, type XmlElement } from '../../s3/xml-tree.ts'

/** The objects of a list that its key may not delete, and why: the others are deleted, as S3 does it. */
export type RefusedDeletes = ReadonlyMap<DoomedObject, S3Error>

export function refusedDeletes(objects: readonly DoomedObject[], grant: ClientKey): RefusedDeletes {
  const refused = new Map<DoomedObject, S3Error>()
  for (const object of objects) {
    try {
      checkDelete(grant, object.key, object.versionId)
    } catch (error) {
      if (!(error instanceof S3Error)) throw error
      refused.set(object, error)
    }
  }
  return refused
}

/** The whole answer where nothing was admitted. */
export function onlyRefused(refused: RefusedDeletes): Reply {
  const bytes = Buffer.from(xmlDocument(root, errorsXml(refused)))
  return { answer: { status: 200, headers: { 'content-type': 'application/xml' }, bytes, stream: null } }
}

/** The site's answer with what was refused here; written anew from what was read in it. */
export function withRefused(reply: Reply, refused: RefusedDeletes): Reply {
  const { status, bytes } = reply.answer
  const result = refused.size === 0 || status !== 200 ? null : parseXml(bytes, root)
  if (result === null) return reply
  const told = (['Deleted', 'Error'] as const).flatMap((name) =>
    children(result, name).map((node) => `<${name}>${factsXml(node, facts[name])}</${name}>`),
  )
  const document = Buffer.from(xmlDocument(root, told.join('') + errorsXml(refused)))
  const headers = { ...reply.headers, 'content-length': String(document.length) }
  return { ...reply, headers, answer: { ...reply.answer, bytes: document } }
}

const root = 'DeleteResult'
const facts = {
  Deleted: ['Key', 'VersionId', 'DeleteMarker', 'DeleteMarkerVersionId'],
  Error: ['Key', 'VersionId', 'Code', 'Message'],
} as const

const factsXml = (node: XmlElement, names: readonly string[]): string =>
  names.map((name) => element(name, childText(node, name))).join('')

function errorsXml(refused: RefusedDeletes): string {
  const errors = [...refused].map(
    ([{ key, versionId }, { code, message }]) =>
      `<Error>${element('Key', key)}${element('VersionId', versionId)}${element('Code', code)}${element('Message', message)}</Error>`,
  )
  return errors.join('')
}
