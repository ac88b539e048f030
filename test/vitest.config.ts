import { defineConfig } from 'vitest/config'
import { noteStray } from './support/last-words.ts'
import { strippedThreads } from './support/stripped-threads.mjs'

const minute = 60_000

/** The suites by name; `npm test` runs them one after the other, `vitest --project NAME` one alone. */
function suite(name: string, include: readonly string[], timeoutMs: number, workers: number) {
  return {
    test: {
      name,
      root: import.meta.dirname,
      include: [...include],
      environment: 'node',
      // Child processes end with the thread that started them: each file needs a process of its own.
      pool: 'forks' as const,
      globalSetup: ['./support/strip-once.ts'],
      execArgv: [...strippedThreads],
      maxWorkers: workers,
      testTimeout: timeoutMs,
      hookTimeout: Math.max(timeoutMs, minute),
    },
  }
}

export default defineConfig({
  test: {
    // An error that nobody caught belongs to no test, and fails the run.
    dangerouslyIgnoreUnhandledErrors: false,
    onUnhandledError: noteStray,
    projects: [
      suite('unit', ['unit/**/*.test.ts', 'compare/*.test.ts'], minute / 2, 2),
      suite('behaviour', ['behaviour/**/*.test.ts'], minute, 2),
      suite('conformance', ['conformance/**/*.test.ts'], 5 * minute, 1),
      suite('renderer', ['renderer/**/*.test.{ts,tsx}'], 2 * minute, 1),
      suite('e2e', ['e2e/**/*.test.ts'], 5 * minute, 1),
      suite('packaging', ['packaging/**/*.test.ts'], 10 * minute, 1),
      suite('real', ['real/**/*.test.ts'], 15 * minute, 1),
      suite('crash', ['crash/**/*.test.ts'], 22 * minute, 1),
    ],
  },
})
