import { fault, FaultError } from '../../../shared/model/fault.ts'
import { element, requestXml } from '../s3/xml-write.ts'
import { xmlLeaves } from '../s3/xml-scan.ts'
import type { SendSigned } from './port.ts'

export interface CephTopicOptions {
  readonly send: SendSigned
  readonly bucket: string
  readonly prefix: string
  /** Names the topic and the notification, so that ours are told from others: letters, digits, `-`, `_`. */
  readonly name: string
  /** Where the gateway sends its events: the webhook's URL for this site, as it is when the topic is asked for. */
  readonly pushTo: () => string
}

/** A topic that pushes to us, and the notification of one bucket that feeds it. */
export interface CephTopic {
  /** Safe to repeat; other notifications of the bucket stay as they are. */
  create(signal?: AbortSignal): Promise<void>
  /** What is gone already is no fault. */
  remove(signal?: AbortSignal): Promise<void>
}

/**
 * New objects only. With a notification for removals, one DeleteObjects call of any client aborts radosgw (an assertion
 * in 16.2, for push and persistent topics alike): deletes are left to the scan.
 */
const events = ['s3:ObjectCreated:*'] as const

export function createCephTopic(options: CephTopicOptions): CephTopic {
  const { send, bucket, name } = options
  return {
    async create(signal) {
      const arn = await createTopic(options, signal)
      // Ceph adds by Id where S3 replaces the whole configuration: nothing else in the bucket is touched.
      const put = { operation: 'PutBucketNotificationConfiguration', method: 'PUT', bucket } as const
      await send({ ...put, query: [['notification', '']], body: configuration(options, arn) }, signal)
    },
    async remove(signal) {
      // An extension of Ceph: without the id, every notification of the bucket would go.
      const remove = { operation: 'DeleteBucketNotification', method: 'DELETE', bucket } as const
      const { status } = await send({ ...remove, query: [['notification', name]], accept: [404] }, signal)
      if (status !== 404 && (await stillThere(options, signal))) {
        throw new FaultError(fault('REQUEST_REFUSED', `DeleteBucketNotification ${bucket}: “${name}” is still there`))
      }
      const arn = await findTopic(options, signal)
      if (arn !== null) await snsCall(options, 'DeleteTopic', [['TopicArn', arn]], signal, [404])
    },
  }
}

async function createTopic(options: CephTopicOptions, signal?: AbortSignal): Promise<string> {
  // Not persistent: a full queue of a persistent topic makes the clients' own writes fail. What is lost while we are
  // down, the scan finds.
  const attributes = { 'push-endpoint': options.pushTo(), persistent: 'false', 'verify-ssl': 'true' }
  const entries = Object.entries(attributes).flatMap(([key, value], index) => [
    [`Attributes.entry.${index + 1}.key`, key] as const,
    [`Attributes.entry.${index + 1}.value`, value] as const,
  ])
  const body = await snsCall(options, 'CreateTopic', [['Name', options.name], ...entries], signal)
  const arn = xmlLeaves(Buffer.from(body)).get('TopicArn')
  if (arn === undefined) throw new FaultError(fault('RESPONSE_UNREADABLE', 'CreateTopic: the answer names no topic'))
  return arn
}

async function findTopic(options: CephTopicOptions, signal?: AbortSignal): Promise<string | null> {
  const body = await snsCall(options, 'ListTopics', [], signal)
  const arns = [...body.matchAll(/<TopicArn>([^<]+)<\/TopicArn>/g)].map(([, arn]) => arn!)
  return arns.find((arn) => arn.endsWith(`:${options.name}`)) ?? null
}

async function stillThere({ send, bucket, name }: CephTopicOptions, signal?: AbortSignal): Promise<boolean> {
  const get = { operation: 'GetBucketNotificationConfiguration', method: 'GET', bucket } as const
  const { body } = await send({ ...get, query: [['notification', '']] }, signal)
  return body.includes(`<Id>${name}</Id>`)
}

async function snsCall(
  { send }: CephTopicOptions,
  action: string,
  parameters: readonly (readonly [name: string, value: string])[],
  signal?: AbortSignal,
  accept: readonly number[] = [],
): Promise<string> {
  const form = new URLSearchParams({ Action: action, Version: '2010-03-31' })
  for (const [key, value] of parameters) form.append(key, value)
  const headers = [['content-type', 'application/x-www-form-urlencoded']] as const
  const answer = await send({ operation: action, method: 'POST', headers, body: form.toString(), accept }, signal)
  return answer.body
}

function configuration({ name, prefix }: CephTopicOptions, arn: string): string {
  const rule = `<FilterRule><Name>prefix</Name>${element('Value', prefix)}</FilterRule>`
  const filter = prefix === '' ? '' : `<Filter><S3Key>${rule}</S3Key></Filter>`
  const wanted = events.map((event) => element('Event', event)).join('')
  const topic = element('Id', name) + element('Topic', arn) + wanted + filter
  return requestXml('NotificationConfiguration', `<TopicConfiguration>${topic}</TopicConfiguration>`)
}
