import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { childText, parseRequestXml } from '../../s3/xml-tree.ts'
import { changeFacts, named } from './tagging.ts'
import { readDocument, xmlAnswer, type SandboxOperation } from '../exchange.ts'
import { bypassesGovernance, checkRetention, checkRetentionChange, readHold, requireLock } from '../object-lock.ts'

export const getObjectRetention: SandboxOperation = (site, exchange) => {
  const { bucket, version } = named(site, exchange)
  requireLock(bucket)
  const { retention } = version.facts
  if (retention === undefined) throw new S3Error('NoSuchObjectLockConfiguration')
  const content = element('Mode', retention.mode) + element('RetainUntilDate', retention.until)
  return xmlAnswer(xmlDocument('Retention', content))
}

/** An empty Retention takes the retention away, where that is allowed. */
export const putObjectRetention: SandboxOperation = async (site, exchange) => {
  const root = parseRequestXml(await readDocument(exchange), 'Retention')
  if (root === null) throw new S3Error('MalformedXML')
  const target = named(site, exchange)
  requireLock(target.bucket)
  const mode = childText(root, 'Mode')
  const until = childText(root, 'RetainUntilDate')
  const next = mode === undefined && until === undefined ? null : checkRetention(mode ?? '', until ?? '', exchange.now)
  checkRetentionChange(target.version, next, exchange.now, bypassesGovernance(exchange.headers))
  const { retention: _, ...rest } = target.version.facts
  const facts = next === null ? rest : { ...rest, retention: next }
  changeFacts(site, exchange, target, facts, 's3:ObjectCreated:PutRetention')
  return { status: 200, headers: {} }
}

export const getObjectLegalHold: SandboxOperation = (site, exchange) => {
  const { bucket, version } = named(site, exchange)
  requireLock(bucket)
  if (version.facts.legalHold === undefined) throw new S3Error('NoSuchObjectLockConfiguration')
  return xmlAnswer(xmlDocument('LegalHold', element('Status', version.facts.legalHold ? 'ON' : 'OFF')))
}

export const putObjectLegalHold: SandboxOperation = async (site, exchange) => {
  const root = parseRequestXml(await readDocument(exchange), 'LegalHold')
  const target = named(site, exchange)
  requireLock(target.bucket)
  const legalHold = readHold(root === null ? '' : (childText(root, 'Status') ?? ''))
  changeFacts(site, exchange, target, { ...target.version.facts, legalHold }, 's3:ObjectCreated:PutLegalHold')
  return { status: 200, headers: {} }
}
