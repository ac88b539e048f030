import { S3Client } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { gatewayKeyInput, gatewayRequestsInput } from '../../shared/api/inputs.ts'
import { gatewayRights } from '../../shared/model/gateway-rights.ts'
import type { GatewayRequest, NewGatewayKey } from '../../shared/model/gateway.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import type { World } from './world.ts'

/** The client key that the configuration of every gateway test declares. */
export const clientKey = { accessKeyId: 'CLIENT.KEY', secretAccessKey: 'client/secret+key' } as const

/** {@link clientKey} as a configuration declares it, with every right. */
export const everythingKey = { ...clientKey, rights: [...gatewayRights] }

/** A gateway to site a on a free port, with one key that may do everything. */
export const gatewayConfig: NonNullable<ConfigInput['gateway']> = {
  site: 'a',
  listen: '127.0.0.1:0',
  hostnames: ['localhost'],
  keys: [everythingKey],
}

export function gatewayUrl(api: EngineApi): string {
  const { state } = api.gateway.view()
  if (state.kind !== 'listening') throw new Error(`The gateway does not listen: ${JSON.stringify(state)}`)
  return state.url
}

/** A client of the gateway as the SDK makes it by itself: default checksums, no retries. */
export function gatewayClient(
  api: EngineApi,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string } = clientKey,
): S3Client {
  const { accessKeyId, secretAccessKey } = key
  const client = new S3Client({
    endpoint: gatewayUrl(api),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return client
}

export function newKey(api: EngineApi, grant: Partial<z.input<typeof gatewayKeyInput>>): Promise<NewGatewayKey> {
  const rights = ['read', 'write', 'delete', 'tags']
  return api.gateway.keys.create(gatewayKeyInput.parse({ label: 'a test', rights, ...grant }))
}

/** The last requests as the console shows them, newest first. */
export function requests({ api }: Pick<World, 'api'>): readonly GatewayRequest[] {
  return api().gateway.requests(gatewayRequestsInput.parse({}))
}
