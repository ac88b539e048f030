/*
 * Gateway: an S3 endpoint in front of a source. `server.ts` takes connections, `serve-request.ts` goes through one request,
 * `operations/` does it; writes wait in `acks/` for what their rules promise.
 */

import { fault, FaultError, type Fault } from '../../../shared/model/fault.ts'
import { placeText } from '../../../shared/model/gateway-grant.ts'
import { rightsText } from '../../../shared/model/gateway-rights.ts'
import {
  gatewaySettingsSchema,
  type DeclaredGatewayKey,
  type GatewayConfig,
  type GatewayRequest,
  type GatewayRuleView,
  type GatewaySettings,
  type GatewayState,
  type GatewayView,
  type NewGatewayKey,
} from '../../../shared/model/gateway.ts'
import { isLoopback, readListenAddress } from '../../../shared/model/listen-address.ts'
import type { Degraded, Rule } from '../../../shared/model/rule.ts'
import { faultFrom } from '../base/errors.ts'
import type { RecordStore } from '../journal/port/records.ts'
import type { DegradedRules } from './acks/degraded-rules.ts'
import { neededTargets } from '../../../shared/model/quorum.ts'
import type { ClientKeys } from './client-keys.ts'
import type { GatewayContext } from './context.ts'
import { exposedAs } from './exposed.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { SignatureVerifier } from '../s3/signature-verifier.ts'
import { RequestLog } from './request-log.ts'
import { openServer, type GatewayServer } from './server.ts'
import { serveRequest } from './serve-request.ts'

export interface GatewayOptions {
  readonly records: Pick<RecordStore, 'read' | 'write' | 'erase'>
  readonly keys: ClientKeys
  readonly degraded: DegradedRules
  readonly context: Omit<GatewayContext, 'siteId' | 'rules'>
  readonly rules: () => readonly Rule[]
  readonly hasSite: (siteId: string) => boolean
  readonly now: () => number
  readonly onChange: () => void
  /** Something that the operator should know, with its fault if it is one. */
  readonly tell: (level: 'info' | 'warning' | 'error', text: string, fault: Fault | null) => void
  readonly onError: (error: unknown) => void
}

const settingsName = 'gateway'

interface OpenListener {
  readonly server: GatewayServer
  readonly settings: GatewaySettings & { readonly listen: string }
  readonly since: number
}

/** The S3 endpoint in front of one site: switched on and off, and told of, from here. */
export class Gateway {
  readonly keys: ClientKeys
  readonly #options: GatewayOptions
  readonly #gatekeeper: Gatekeeper
  readonly #requests = new RequestLog()
  #settings: GatewaySettings | null = null
  #listening: OpenListener | null = null
  #fault: Fault | null = null
  #verifier: { readonly generation: number; readonly verifier: SignatureVerifier } | null = null
  #started = false
  #underWay = 0
  #served = 0
  /** Changes of the settings take effect one after the other. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: GatewayOptions) {
    this.#options = options
    this.keys = options.keys
    this.#gatekeeper = new Gatekeeper((accessKeyId) => options.keys.find(accessKeyId))
  }

  /** Reads what was kept. Listens after {@link start}. */
  async load(): Promise<void> {
    const kept = gatewaySettingsSchema.nullable().safeParse(await this.#options.records.read(settingsName))
    this.#settings = kept.success ? kept.data : null
    await this.keys.load()
  }

  /** Throws CONFIG_INVALID when what a configuration declares could not be used; changes nothing. */
  check({ site, keys }: GatewayConfig, knownSites: readonly string[]): void {
    if (!knownSites.includes(site)) {
      throw new FaultError(fault('CONFIG_INVALID', `gateway.site: “${site}” – name a site that is declared or known`))
    }
    this.keys.check(keys)
  }

  /** Keeps the settings; they take effect at {@link start}, or at once when it has run. */
  async configure(settings: GatewaySettings | null): Promise<void> {
    const { records, hasSite } = this.#options
    if (settings !== null && !hasSite(settings.site))
      throw new FaultError(fault('NOT_FOUND', `There is no site ${settings.site}.`))
    if (settings === null) await records.erase(settingsName)
    else await records.write(settingsName, settings)
    this.#settings = settings
    if (this.#started) await this.#follow()
  }

  async declare(keys: readonly DeclaredGatewayKey[], lasting: boolean): Promise<void> {
    if (lasting) await this.keys.import(keys)
    else this.keys.declare(keys)
    this.#options.onChange()
  }

  async createKey(wanted: Parameters<ClientKeys['create']>[0]): Promise<NewGatewayKey> {
    const key = await this.keys.create(wanted)
    const may = `${rightsText(key.rights)} in ${placeText(key)}`
    this.#options.tell('info', `The client key ${key.accessKeyId} (${key.label}) was made: it may ${may}.`, null)
    this.#options.onChange()
    return key
  }

  async revokeKey(accessKeyId: string): Promise<void> {
    await this.keys.revoke(accessKeyId)
    this.#options.tell('info', `The client key ${accessKeyId} was revoked.`, null)
    this.#options.onChange()
  }

  async start(): Promise<void> {
    this.#started = true
    await this.#follow()
  }

  async stop(): Promise<void> {
    this.#started = false
    await this.#follow()
    this.#options.degraded.stop()
    this.#options.context.upstream.close()
  }

  /** Where clients reach it; null while it does not listen. */
  get url(): string | null {
    return this.#listening?.server.url ?? null
  }

  settings(): GatewaySettings | null {
    return this.#settings
  }

  degraded(ruleId: string): Degraded | null {
    return this.#options.degraded.get(ruleId)
  }

  taskEnded(ruleId: string): void {
    this.#options.degraded.taskEnded(ruleId)
  }

  view(): GatewayView {
    return {
      asOf: this.#options.now(),
      state: this.#state(),
      settings: this.#settings,
      exposedAs: this.#listening === null ? null : exposedAs(this.#listening.settings),
      rules: this.#rules(),
      keys: this.keys.list(),
      counts: this.#requests.counts,
      openConnections: this.#listening?.server.openConnections() ?? 0,
      underWay: this.#underWay,
    }
  }

  requests(limit: number, failedOnly: boolean): readonly GatewayRequest[] {
    return this.#requests.list(limit, failedOnly)
  }

  #state(): GatewayState {
    if (this.#listening !== null)
      return { kind: 'listening', url: this.#listening.server.url, since: this.#listening.since }
    return this.#fault === null ? { kind: 'off' } : { kind: 'fault', fault: this.#fault }
  }

  #rules(): readonly GatewayRuleView[] {
    const site = this.#settings?.site
    return this.#options
      .rules()
      .filter(({ source, enabled }) => enabled && source.site === site)
      .map(({ id, source, ack, targets }) => ({
        ruleId: id,
        source,
        ack,
        sites: 1 + targets.length,
        needed: 1 + neededTargets(ack.policy, targets.length),
        degraded: this.degraded(id),
      }))
  }

  #follow(): Promise<void> {
    const turned = this.#turn.then(() => this.#listen())
    this.#turn = turned.catch(() => undefined)
    return turned
  }

  /** Brings the listener in line with the settings. A port that is taken is shown, and stops nothing else. */
  async #listen(): Promise<void> {
    const { now, tell, onChange } = this.#options
    await this.#listening?.server.close()
    this.#listening = null
    this.#fault = null
    const wanted = this.#started ? this.#settings : null
    if (wanted !== null && wanted.listen !== null) {
      const settings = { ...wanted, listen: wanted.listen }
      try {
        this.#listening = { settings, server: await openServer(settings, this.#serve(wanted)), since: now() }
        const text = `The S3 gateway to ${wanted.site} listens on ${this.#listening.server.url}. ${exposedAs(settings)}`
        tell(isLoopback(readListenAddress(settings.listen).host) ? 'info' : 'warning', text, null)
      } catch (error) {
        this.#fault = faultFrom(error, { operation: `Listening on ${wanted.listen}` })
        tell('error', `The S3 gateway cannot listen on ${wanted.listen}.`, this.#fault)
      }
    }
    onChange()
  }

  #serve({ site, hostnames }: GatewaySettings): Parameters<typeof openServer>[1] {
    const { context, onError, onChange } = this.#options
    const parts = {
      context: { ...context, rules: this.#options.rules, siteId: site },
      gatekeeper: this.#gatekeeper,
      verifier: () => this.#currentVerifier(),
      baseHosts: hostnames,
      requests: this.#requests,
      onError,
      requestId: () => (++this.#served).toString(16).toUpperCase().padStart(16, '0'),
    }
    return async (request, response, expectsContinue) => {
      this.#underWay += 1
      try {
        await serveRequest(request, response, expectsContinue, parts)
      } catch (error) {
        // An answer that could not even be refused: its client sees the connection end, and stopping must not meet it again.
        response.destroy()
        onError(error)
      } finally {
        this.#underWay -= 1
        onChange()
      }
    }
  }

  /** Signing keys are remembered by access key: a changed secret makes them void. */
  #currentVerifier(): SignatureVerifier {
    const { generation } = this.keys
    if (this.#verifier?.generation !== generation) {
      const secretOf = (accessKeyId: string): string | undefined => this.#gatekeeper.secretOf(accessKeyId)
      this.#verifier = { generation, verifier: new SignatureVerifier({ secretOf, region: null }) }
    }
    return this.#verifier.verifier
  }
}
