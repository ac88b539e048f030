import { expect, test } from 'vitest'
import { exposureOf } from '../../renderer/text/gateway.ts'
import { isLoopback, readListenAddress } from '../../shared/model/listen-address.ts'

test.each([
  ['127.0.0.1:9000', '127.0.0.1', 9000],
  ['localhost:0', 'localhost', 0],
  ['[::1]:7400', '::1', 7400],
  ['::1:7400', '::1', 7400],
  ['s3.example.org:443', 's3.example.org', 443],
])('%s is read as host and port', (listen, host, port) => {
  expect(readListenAddress(listen)).toEqual({ host, port })
})

test('loopback is what no other computer can reach, and no name that looks like it', () => {
  expect(['localhost', '::1', '127.0.0.1', '127.200.3.4'].filter((host) => !isLoopback(host))).toEqual([])
  const others = [
    '127.example.org',
    '127.0.0.1.example.org',
    '0.0.0.0',
    '::',
    '10.127.0.0',
    'localhost.example.org',
    '',
  ]
  expect(others.filter(isLoopback)).toEqual([])
})

test('the console warns of a name that only begins like a loopback address', () => {
  expect(exposureOf('127.example.org:9000', false)).toMatch(/^Open:/)
  expect(exposureOf('127.0.0.1:9000', false)).toMatch(/^Loopback:/)
})
