import { gatewaySettingsSchema, type GatewaySettings } from '../../../shared/model/gateway.ts'

export interface GatewayFormValues {
  site: string
  listen: string
  /** One name a line. */
  hostnames: string
  certFile: string
  keyFile: string
}
export type GatewayFormErrors = Partial<Record<keyof GatewayFormValues, string>>

const usualListen = '127.0.0.1:9000'

/** The settings that a new gateway starts with: loopback, plain HTTP. */
export const emptyGateway = (site: string): GatewaySettings => gatewaySettingsSchema.parse({ site })

export function gatewayValuesOf({ site, listen, hostnames, tls }: GatewaySettings): GatewayFormValues {
  return {
    site,
    listen: listen ?? usualListen,
    hostnames: hostnames.join('\n'),
    certFile: tls?.certFile ?? '',
    keyFile: tls?.keyFile ?? '',
  }
}

type Read =
  | { readonly settings: GatewaySettings; readonly errors: null }
  | { readonly settings: null; readonly errors: GatewayFormErrors }

/** Reads the form; an error names the value and what to type instead. */
export function readGatewayForm(values: GatewayFormValues): Read {
  const certFile = values.certFile.trim()
  const keyFile = values.keyFile.trim()
  const errors: GatewayFormErrors = {}
  if (certFile !== '' && keyFile === '') errors.keyFile = 'The key file is empty: a certificate needs its key.'
  if (keyFile !== '' && certFile === '') errors.certFile = 'The certificate is empty: a key needs its certificate.'
  const parsed = gatewaySettingsSchema.safeParse({
    site: values.site,
    listen: values.listen.trim(),
    hostnames: values.hostnames.split(/\s+/).filter((name) => name !== ''),
    tls: certFile === '' || keyFile === '' ? null : { certFile, keyFile },
  })
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      const name = path[0] as 'site' | 'listen' | 'hostnames'
      errors[name] ??= `“${values[name]}” does not fit: ${message}.`
    }
  }
  return parsed.success && Object.keys(errors).length === 0
    ? { settings: parsed.data, errors: null }
    : { settings: null, errors }
}
