import { join } from 'node:path'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import type { SiteAccess } from '../support/s3-site.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

export const siteNames = ['oslo', 'bergen', 'narvik'] as const
export type SiteName = (typeof siteNames)[number]
export type Vendor = 'minio' | 'ceph' | 'sandbox'

/** Whether the engine can reach the site: `bad` may be called either. */
export type Weather = 'fair' | 'bad' | 'down'

interface Server extends SiteAccess {
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** One site of the soak: clients reach it straight, the engine through a bad network. */
export class StageSite {
  readonly name: SiteName
  readonly vendor: Vendor
  /** The site itself, past the network's faults. */
  readonly direct: SiteAccess
  readonly proxy: TcpProxy
  readonly #server: Server
  #weather: Weather = 'fair'
  #since = Date.now()
  #killed = 0

  constructor(name: SiteName, vendor: Vendor, server: Server, proxy: TcpProxy) {
    this.name = name
    this.vendor = vendor
    this.#server = server
    this.proxy = proxy
    const { endpoint, region, accessKeyId, secretAccessKey } = server
    this.direct = { endpoint, region, accessKeyId, secretAccessKey }
  }

  /** What the engine is told. */
  get seen(): SiteAccess {
    return { ...this.direct, endpoint: this.proxy.endpoint }
  }

  /** How it is, and since when without a change, epoch ms. */
  get truth(): { readonly weather: Weather; readonly since: number } {
    return { weather: this.#weather, since: this.#since }
  }

  /** How often the site itself was ended: a check that saw two numbers may have asked a dead one. */
  get killed(): number {
    return this.#killed
  }

  turn(weather: Weather): void {
    if (weather === this.#weather) return
    this.#weather = weather
    this.#since = Date.now()
  }

  async kill(): Promise<void> {
    this.#killed += 1
    await this.#server.kill()
  }

  async restart(): Promise<void> {
    await this.#server.restart()
  }

  async stop(): Promise<void> {
    await this.proxy.close()
    await this.#server.stop()
  }
}

export type Stage = Readonly<Record<SiteName, StageSite>>

/** The vendors that can be had here, and why the others cannot. */
export async function vendorsHere(
  wanted: Readonly<Record<SiteName, Vendor>>,
  tell: (line: string) => void,
): Promise<Readonly<Record<SiteName, Vendor>>> {
  const found = { ...wanted }
  for (const name of siteNames) {
    const vendor = wanted[name]
    const available = vendor === 'minio' ? await ensureMinio() : vendor === 'ceph' ? await ensureCeph() : null
    if (available === null || available.ok) continue
    tell(`${name} is a sandbox, not ${vendor}: ${available.reason}`)
    found[name] = 'sandbox'
  }
  return found
}

export async function openStage(dir: string, vendors: Readonly<Record<SiteName, Vendor>>): Promise<Stage> {
  const open = async (name: SiteName): Promise<StageSite> => {
    const server = await startServer(name, vendors[name], join(dir, name))
    return new StageSite(name, vendors[name], server, await TcpProxy.open(server.endpoint))
  }
  const [oslo, bergen, narvik] = await Promise.all(siteNames.map(open))
  return { oslo: oslo!, bergen: bergen!, narvik: narvik! }
}

/** No shift makes this: past 31 bits it turns negative, Ceph falls back to 1 GiB, and a full OSD takes no write after some minutes. */
const gibibyte = 2 ** 30

async function startServer(name: SiteName, vendor: Vendor, dir: string): Promise<Server> {
  switch (vendor) {
    case 'minio':
      return await startMinioSite({ name })
    case 'ceph': {
      const site = await startCephSite({ name: `soak-${name}`, dir, capacityBytes: 8 * gibibyte })
      return { ...site, kill: () => site.killGateway() }
    }
    case 'sandbox':
      // One adopts the source's ids, as MinIO does; the others mint their own.
      return await startSandboxProcess(dir, name === 'oslo' ? 'adopts-minio' : 'mints')
  }
}
