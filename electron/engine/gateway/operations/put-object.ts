import type { WireAnswer } from '../../store/wire/request.ts'
import { defaultTimeouts } from '../../store/wire/request.ts'
import type { GatewayContext, GatewayOperation } from '../context.ts'
import type { Exchange } from '../exchange.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { DualWrite } from '../dual-write/dual-write.ts'
import { refuseCustomerKey } from './customer-key.ts'
import { passThrough } from './pass-through.ts'
import { write, type Write } from './write.ts'

/** PutObject: streams to the source, and to the targets that its client waits for, checked on the way. */
export const putObject: GatewayOperation = async (context, exchange) => {
  const body = await exchange.body.open()
  const dualWrite = (links: readonly RuleLink[]): DualWrite | null => context.dualWriter.begin(exchange, body, links)
  return write(context, exchange, { ...newVersion(context, exchange, body.sizeBytes), body, dualWrite })
}

/** CopyObject: the source copies by itself, and what it made is replicated like any other version. */
export const copyObject: GatewayOperation = async (context, exchange) => {
  const body = await exchange.body.open()
  return write(context, exchange, {
    ...newVersion(context, exchange, null),
    body,
    ...slow(context),
  })
}

/** UploadPartCopy makes no version yet. */
export const uploadPartCopy: GatewayOperation = async ({ siteId, upstream }, exchange) => {
  const body = await exchange.body.open()
  return { answer: await upstream.send(exchange, { siteId, body, stream: false }) }
}

/** CreateMultipartUpload makes no version yet: what could not be replicated once it is complete is not begun. */
export const createMultipartUpload: GatewayOperation = async (context, exchange) => {
  const { bucket, key, headers } = exchange.call
  const { intake, siteId } = context
  refuseCustomerKey(headers, intake.linksFor({ siteId, bucket, key, operation: 'put' }), context)
  return passThrough(context, exchange)
}

/** CompleteMultipartUpload: the source joins the parts, which may take minutes. */
export const completeMultipartUpload: GatewayOperation = async (context, exchange) => {
  const body = await exchange.body.open()
  return write(context, exchange, { ...newVersion(context, exchange, null), body, ...slow(context) })
}

function newVersion(
  { now }: GatewayContext,
  { call: { key } }: Exchange,
  sizeBytes: number | null,
): Pick<Write, 'intended' | 'changes'> {
  const operation = 'put'
  return {
    intended: [{ key, operation }],
    changes: (answer) =>
      isDone(answer)
        ? [{ key, operation, versionId: answer.headers['x-amz-version-id'] ?? null, sizeBytes, changedAt: now() }]
        : [],
  }
}

/** Copying and joining may fail after the status line has left: then the document is an error under a 200. */
function isDone({ status, bytes }: WireAnswer): boolean {
  return status < 300 && !bytes.subarray(0, 512).toString('latin1').includes('<Error>')
}

const slow = ({ upstream }: GatewayContext): Pick<Write, 'responseMs'> => ({
  responseMs: upstream.timeouts.completeMs ?? defaultTimeouts.completeMs,
})
