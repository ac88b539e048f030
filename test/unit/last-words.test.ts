import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { outcomeOf } from '../run.ts'
import { LastWords, noteStray, readStrays } from '../support/last-words.ts'
import { makeTempDir } from '../support/temp.ts'

const dead = join(import.meta.dirname, 'dead.test.ts')
const pending = { status: 'pending', fullName: 'what it was about to test' }

/** As vitest reports a file whose process died. */
const report = {
  success: false,
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [{ name: dead, status: 'failed', message: '', assertionResults: [pending] }],
}

test('a test process that dies is told with its signal, its file and its last words', async () => {
  const temp = await makeTempDir('last-words')
  onTestFinished(() => temp.remove())
  const file = join(temp.path, 'strays')
  vi.stubEnv('LOCKSTEP_STRAYS', file)
  onTestFinished(() => void vi.unstubAllEnvs())
  const cause = new Error(`Worker exited unexpectedly with signal SIGTRAP while running test file ${dead}`)
  noteStray(new Error('[vitest-pool]: Worker forks emitted error.', { cause }))
  expect(readFileSync(file, 'utf8')).toContain('SIGTRAP')
  const words = new LastWords()
  for (const line of ['usual', '# Fatal error in , line 0', '# Check failed: here.', ' 1: a stack']) words.hear(line)
  for (const line of ['⎯⎯ Unhandled Errors ⎯⎯', 'of vitest']) words.hear(line)
  const { failures, failed } = outcomeOf(report, { code: 1, strays: readStrays(file), lastWords: words.lines })
  expect(failed).toBe(1)
  expect(failures).toEqual([
    [`unit/dead.test.ts: ${cause.message}`, '# Fatal error in , line 0', '# Check failed: here.', ' 1: a stack'].join(
      '\n',
    ),
  ])
})

test('without a fatal error the last words are the last lines', () => {
  const words = new LastWords()
  for (let at = 0; at < 100; at++) words.hear(`line ${at}`)
  expect(words.lines).toEqual(Array.from({ length: 15 }, (_, at) => `line ${at + 85}`))
})

test('an error that belongs to no test is told where it fails a run in which no test failed', () => {
  const passed = { ...report, success: true, numPassedTests: 3, testResults: [] }
  const { failures } = outcomeOf(passed, { code: 1, strays: ['nobody waits for this'], lastWords: [] })
  expect(failures).toEqual(['ended with 1 though no test failed\nnobody waits for this'])
})
