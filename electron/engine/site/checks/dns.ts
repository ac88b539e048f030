import { isIP } from 'node:net'
import { createAddress } from '../../s3/address.ts'
import { ok, type CheckContext, type Finding, type Side } from './check.ts'

/** Does the host name have addresses? With virtual-host style the bucket’s own name is looked up too. */
export async function checkDns(side: Side, { network }: CheckContext): Promise<Finding> {
  const address = createAddress(side.site)
  const root = address.host(undefined).name
  if (isIP(root) !== 0) return ok(`${root} is an address: there is no name to look up.`)
  const names = [...new Set([root, address.host(side.bucket).name])]
  const found = await Promise.all(names.map(async (name) => [name, await network.resolve(name)] as const))
  return ok(found.map(([name, addresses]) => `${name} is ${addresses.slice(0, 3).join(', ')}`).join('; '))
}
