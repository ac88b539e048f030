import { z } from 'zod'

/** Where a server of ours listens: `HOST:PORT`, an IPv6 address in brackets; port 0 takes any free port. */
export const listenAddressSchema = (example: string): z.ZodString =>
  z.string().regex(/^[^\s]+:\d{1,5}$/, `use HOST:PORT such as ${example}`)

/** Host, without its brackets, and port of a listen address. */
export function readListenAddress(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':')
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(listen.slice(colon + 1)) }
}

/** Only programs of this computer reach what listens there, and nothing that is sent there leaves it. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
