import { expect, test } from 'vitest'
import { createLogger } from '../../electron/engine/log/logger.ts'

test('keys never reach a log line, whoever logs what holds them', () => {
  const lines: string[] = []
  const log = createLogger((line) => lines.push(line))
  const keys = { accessKeyId: 'AKEYID', secretAccessKey: 'a/secret+key' }
  log.info(keys, 'plain')
  log.info({ credentials: keys, keys }, 'named')
  log.info({ site: { id: 'a', credentials: keys }, pair: keys }, 'nested')
  expect(lines).toHaveLength(3)
  expect(lines.filter((line) => line.includes('AKEYID') || line.includes('a/secret+key'))).toEqual([])
  expect(lines[2]).toContain('"id":"a"')
})
