import { describe, expect, it } from 'vitest'
import { deviationsByVendor } from './deviations.ts'
import { allPromises, minioPromises } from './promises/all.ts'
import { holdToPromises } from './site-promise.ts'

/**
 * Holds any endpoint to the promises: LOCKSTEP_CONFORMANCE_ENDPOINT, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY, and if need be
 * _REGION and _VENDOR (`ceph`, `minio`: whose deviations are expected). It leaves buckets named `conformance-*` there.
 */
const { env } = process
const endpoint = env['LOCKSTEP_CONFORMANCE_ENDPOINT']
const vendor = env['LOCKSTEP_CONFORMANCE_VENDOR']

if (endpoint !== undefined) {
  const site = {
    endpoint,
    region: env['LOCKSTEP_CONFORMANCE_REGION'] ?? 'us-east-1',
    accessKeyId: env['LOCKSTEP_CONFORMANCE_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['LOCKSTEP_CONFORMANCE_SECRET_ACCESS_KEY'] ?? '',
    stop: () => Promise.resolve(),
  }
  holdToPromises(
    `the endpoint ${endpoint}`,
    () => Promise.resolve(site),
    vendor === 'minio' ? minioPromises : allPromises,
    deviationsByVendor[vendor ?? ''],
  )
}

describe('the tables of deviations', () => {
  it('name only promises that there are', () => {
    const names = new Set(minioPromises.map(({ name }) => name))
    const declared = Object.values(deviationsByVendor).flatMap((table) => Object.keys(table))
    expect(declared.filter((name) => !names.has(name))).toEqual([])
  })
})
