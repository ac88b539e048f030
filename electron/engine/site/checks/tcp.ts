import { createAddress } from '../../s3/address.ts'
import { ok, type CheckContext, type Finding, type Side } from './check.ts'
import { duration } from './words.ts'

/** Is the connection accepted? */
export async function checkTcp(side: Side, { network, ports, signal }: CheckContext): Promise<Finding> {
  const startedAt = ports.clock.now()
  await network.connect(side.site, signal)
  const { port } = createAddress(side.site).host(undefined)
  return ok(`Port ${port} accepted the connection after ${duration(ports.clock.now() - startedAt)}.`)
}
