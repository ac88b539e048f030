import type { GatewaySettings } from '../../../shared/model/gateway.ts'
import { isLoopback, readListenAddress } from '../../../shared/model/listen-address.ts'

/** What listening there means, in plain words. */
export function exposedAs({ listen, tls }: GatewaySettings & { readonly listen: string }): string {
  const plain = tls === null
  if (isLoopback(readListenAddress(listen).host)) {
    return `Only programs on this machine reach it${plain ? ', over plain HTTP' : ', over TLS'}.`
  }
  const who = `Every machine that can reach ${listen} can ask it; without a client key it answers nothing.`
  const how = plain
    ? 'It speaks plain HTTP: whoever is on the way can read what is stored and fetched. Give it a certificate, or put a TLS proxy in front.'
    : 'What passes is encrypted by TLS.'
  return `${who} ${how} Clients act with Lockstep’s own rights at the site, within the limits of their keys.`
}
