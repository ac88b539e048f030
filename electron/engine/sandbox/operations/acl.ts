import { readDocument, versionHeader, xmlAnswer, type SandboxOperation } from '../exchange.ts'
import { aclOf, aclXml } from '../object-acl.ts'
import { changeFacts, named } from './tagging.ts'

export const getObjectAcl: SandboxOperation = (site, exchange) => {
  const { bucket, version } = named(site, exchange)
  return xmlAnswer(aclXml(version.facts), versionHeader(bucket, version.versionId))
}

export const putObjectAcl: SandboxOperation = async (site, exchange) => {
  const grants = aclOf(exchange.headers, await readDocument(exchange))
  const target = named(site, exchange)
  const { grants: _, ...rest } = target.version.facts
  const facts = grants.length === 0 ? rest : { ...rest, grants }
  changeFacts(site, exchange, target, facts, 's3:ObjectAcl:Put')
  return { status: 200, headers: versionHeader(target.bucket, target.version.versionId) }
}
