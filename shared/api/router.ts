import { initTRPC, TRPCError } from '@trpc/server'
import { z } from 'zod'
import { ruleSchema } from '../model/rule.ts'
import { fault, FaultError, type Fault } from '../model/fault.ts'
import type { EngineApi } from './engine-api.ts'
import * as input from './inputs.ts'

/** Turns whatever a procedure threw into the one fault that the caller sees. Nothing foreign leaks through. */
export function faultOf(error: unknown): Fault {
  if (error instanceof FaultError) return error.fault
  if (error instanceof TRPCError && error.cause !== undefined && error.cause !== error) return faultOf(error.cause)
  if (error instanceof z.ZodError) return fault('CONFIG_INVALID', describeIssues(error))
  return fault('INTERNAL', 'The request could not be answered.')
}

/** One line per issue: `path: "value" – what to do`. */
function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.map(String).join('.') || 'input'}: ${issue.message}`).join('; ')
}

const t = initTRPC.context<{ readonly api: EngineApi }>().create({
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    message: faultOf(error).message,
    data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, fault: faultOf(error) },
  }),
})
const ask = t.procedure

/** The one list of procedures, served over loopback HTTP and over Electron's IPC alike. */
export const router = t.router({
  overview: t.router({
    get: ask.query(({ ctx }) => ctx.api.overview.get()),
    series: ask.input(input.seriesInput).query(({ ctx, input: q }) => ctx.api.overview.series(q)),
  }),
  sites: t.router({
    list: ask.query(({ ctx }) => ctx.api.sites.list()),
    create: ask.input(input.siteInput).mutation(({ ctx, input: q }) => ctx.api.sites.create(q)),
    update: ask.input(input.siteUpdateInput).mutation(({ ctx, input: q }) => ctx.api.sites.update(q)),
    setRegion: ask.input(input.regionInput).mutation(({ ctx, input: q }) => ctx.api.sites.setRegion(q)),
    remove: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.sites.remove(q)),
    pause: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.sites.pause(q)),
    resume: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.sites.resume(q)),
    probe: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.sites.probe(q)),
    profile: ask.input(input.siteProfileInput).mutation(({ ctx, input: q }) => ctx.api.sites.profile(q)),
    buckets: ask.input(input.bySite).query(({ ctx, input: q }) => ctx.api.sites.buckets(q)),
    createBucket: ask.input(input.createBucketInput).mutation(({ ctx, input: q }) => ctx.api.sites.createBucket(q)),
  }),
  rules: t.router({
    list: ask.query(({ ctx }) => ctx.api.rules.list()),
    get: ask.input(input.byId).query(({ ctx, input: q }) => ctx.api.rules.get(q)),
    create: ask.input(ruleSchema).mutation(({ ctx, input: q }) => ctx.api.rules.create(q)),
    update: ask.input(ruleSchema).mutation(({ ctx, input: q }) => ctx.api.rules.update(q)),
    remove: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.rules.remove(q)),
    pause: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.rules.pause(q)),
    resume: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.rules.resume(q)),
    check: ask.input(ruleSchema).query(({ ctx, input: q }) => ctx.api.rules.check(q)),
    fidelity: ask.input(ruleSchema).query(({ ctx, input: q }) => ctx.api.rules.fidelity(q)),
    keys: ask.input(input.byId).query(({ ctx, input: q }) => ctx.api.rules.keys(q)),
    answer: ask.input(input.answerInput).mutation(({ ctx, input: q }) => ctx.api.rules.answer(q)),
    lookAgain: ask.input(input.lookAgainInput).mutation(({ ctx, input: q }) => ctx.api.rules.lookAgain(q)),
    resync: ask.input(input.resyncInput).mutation(({ ctx, input: q }) => ctx.api.rules.resync(q)),
  }),
  checks: t.router({
    start: ask.input(input.checkInput).mutation(({ ctx, input: q }) => ctx.api.checks.start(q)),
    get: ask.input(input.byId).query(({ ctx, input: q }) => ctx.api.checks.get(q)),
    cancel: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.checks.cancel(q)),
    repair: ask.input(input.repairInput).mutation(({ ctx, input: q }) => ctx.api.checks.repair(q)),
  }),
  transfers: t.router({ list: ask.query(({ ctx }) => ctx.api.transfers.list()) }),
  failures: t.router({
    list: ask.input(input.failureListInput).query(({ ctx, input: q }) => ctx.api.failures.list(q)),
    get: ask.input(input.failureGetInput).query(({ ctx, input: q }) => ctx.api.failures.get(q)),
    retry: ask.input(input.retryInput).mutation(({ ctx, input: q }) => ctx.api.failures.retry(q)),
  }),
  jobs: t.router({
    list: ask.query(({ ctx }) => ctx.api.jobs.list()),
    cancel: ask.input(input.byId).mutation(({ ctx, input: q }) => ctx.api.jobs.cancel(q)),
  }),
  compare: t.router({
    cost: ask.input(input.compareCostInput).query(({ ctx, input: q }) => ctx.api.compare.cost(q)),
    start: ask.input(input.compareInput).mutation(({ ctx, input: q }) => ctx.api.compare.start(q)),
    report: ask.input(input.compareReportInput).query(({ ctx, input: q }) => ctx.api.compare.report(q)),
    reports: ask.query(({ ctx }) => ctx.api.compare.reports()),
  }),
  advisor: t.router({
    compare: ask.input(input.advisorInput).query(({ ctx, input: q }) => ctx.api.advisor.compare(q)),
  }),
  activity: t.router({
    list: ask.input(input.activityInput).query(({ ctx, input: q }) => ctx.api.activity.list(q)),
  }),
  settings: t.router({
    get: ask.query(({ ctx }) => ctx.api.settings.get()),
    update: ask.input(input.settingsInput).mutation(({ ctx, input: q }) => ctx.api.settings.update(q)),
    renewWebhookUrl: ask.mutation(({ ctx }) => ctx.api.settings.renewWebhookUrl()),
  }),
  sseCKeys: t.router({
    list: ask.query(({ ctx }) => ctx.api.sseCKeys.list()),
    put: ask.input(input.sseCKeyInput).mutation(({ ctx, input: q }) => ctx.api.sseCKeys.put(q)),
    remove: ask.input(input.bySseCKey).mutation(({ ctx, input: q }) => ctx.api.sseCKeys.remove(q)),
  }),
  gateway: t.router({
    view: ask.query(({ ctx }) => ctx.api.gateway.view()),
    update: ask.input(input.gatewaySettingsInput).mutation(({ ctx, input: q }) => ctx.api.gateway.update(q)),
    keys: t.router({
      list: ask.query(({ ctx }) => ctx.api.gateway.keys.list()),
      create: ask.input(input.gatewayKeyInput).mutation(({ ctx, input: q }) => ctx.api.gateway.keys.create(q)),
      revoke: ask.input(input.gatewayRevokeInput).mutation(({ ctx, input: q }) => ctx.api.gateway.keys.revoke(q)),
    }),
    requests: ask.input(input.gatewayRequestsInput).query(({ ctx, input: q }) => ctx.api.gateway.requests(q)),
  }),
  config: t.router({
    export: ask.query(({ ctx }) => ctx.api.config.export()),
    preview: ask.input(input.configTextInput).mutation(({ ctx, input: q }) => ctx.api.config.preview(q)),
    // Not `apply`: the router keeps that name, as every function's own, for itself.
    import: ask.input(input.configTextInput).mutation(({ ctx, input: q }) => ctx.api.config.apply(q)),
  }),
  diagnostics: t.router({ get: ask.query(({ ctx }) => ctx.api.diagnostics.get()) }),
  metrics: t.router({ text: ask.query(({ ctx }) => ctx.api.metrics.text()) }),
  wait: t.router({
    settled: ask.input(input.waitInput).query(({ ctx, input: q, signal }) => ctx.api.wait.settled(q, signal)),
  }),
  demo: t.router({
    get: ask.query(({ ctx }) => ctx.api.demo.get()),
    set: ask.input(input.demoSwitchInput).mutation(({ ctx, input: q }) => ctx.api.demo.set(q)),
  }),
  live: t.router({
    watch: ask.subscription(({ ctx, signal }) => ctx.api.live.watch(signal ?? new AbortController().signal)),
  }),
})
export type Router = typeof router
