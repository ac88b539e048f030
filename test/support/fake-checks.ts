import type { EngineApi } from '../../shared/api/engine-api.ts'
import { checkIds, type CheckId, type CheckRun, type CheckStep } from '../../shared/model/check.ts'
import { fault } from '../../shared/model/fault.ts'

const found: Partial<Record<CheckId, string>> = {
  'source-dns': '192.0.2.10',
  'source-tls': 'TLS 1.3, valid for 71 days',
  'source-clock': 'within 1 s of this machine',
  'target-clock': 'within 1 s of this machine',
  identity: 'Version ids are kept',
  'first-copy': '184,302 objects, 611 GiB; about 4 h at 42 MiB/s',
}

/** Checks that come in six at a time whenever they are looked at; versioning at the target must be mended once. */
export function createFakeChecks(announce: () => void): EngineApi['checks'] {
  const runs = new Map<string, CheckRun>()
  let versioned = false
  const keep = (run: CheckRun): CheckRun => {
    runs.set(run.id, run)
    announce()
    return run
  }
  const settle = (step: CheckStep): CheckStep => {
    const base = { ...step, elapsedMs: 14, found: found[step.id] ?? 'Good' }
    if (step.id === 'target-tls') return { ...base, state: 'skipped', found: 'Skipped: the target uses plain HTTP' }
    if (step.id === 'target-content') return { ...base, state: 'warning', found: 'The target holds 12 objects already' }
    if (step.id !== 'target-versioning' || versioned) return { ...base, state: 'ok' }
    return {
      ...base,
      state: 'failed',
      found: 'Versioning is off',
      fault: fault('BUCKET_UNVERSIONED', 'The bucket photos at oslo keeps one version only.'),
      repair: 'Switch on versioning for photos at oslo',
    }
  }
  const advance = (run: CheckRun): CheckRun => {
    let budget = 6
    const steps = run.steps.map((step) => (step.state === 'waiting' && budget-- > 0 ? settle(step) : step))
    const waiting = steps.some(({ state }) => state === 'waiting')
    const state = waiting ? 'running' : steps.some((step) => step.state === 'failed') ? 'failed' : 'passed'
    return {
      ...run,
      steps,
      state,
      estimate: waiting ? null : { objects: 184_302, bytes: 656_000_000_000, complete: true },
    }
  }
  const of = (id: string) => runs.get(id)!
  return {
    start: () =>
      keep({ id: `run-${runs.size + 1}`, state: 'running', steps: checkIds.map(waitingStep), estimate: null }),
    get: ({ id }) => (of(id).state === 'running' ? keep(advance(of(id))) : of(id)),
    cancel: ({ id }) => keep({ ...of(id), state: 'cancelled' }),
    repair: async ({ runId, stepId }) => {
      versioned = true
      const steps = of(runId).steps.map((step) => (step.id === stepId ? settle(waitingStep(step.id)) : step))
      return keep({ ...of(runId), steps, state: 'passed' })
    },
  }
}

function waitingStep(id: CheckId): CheckStep {
  const words = id.replaceAll('-', ' ')
  return {
    id,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    state: 'waiting',
    found: null,
    fault: null,
    repair: null,
    elapsedMs: null,
  }
}
