import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { GatewaySettings } from '../../../shared/model/gateway.ts'
import { readListenAddress } from '../../../shared/model/listen-address.ts'

type ListenAttempt = Pick<GatewaySettings, 'tls'> & { readonly listen: string; readonly what?: string }

/** Why a listener could not be opened, and what the operator does about it. */
export function listenFault(error: unknown, { listen, tls, what = '' }: ListenAttempt): FaultError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const words = error instanceof Error ? error.message : 'it failed for an unknown reason'
  const [message, remedy] =
    known(code, listen) ??
    ((tls !== null && ofFile(error, tls)) || [`Listening on ${listen} failed: ${words}.`, undefined])
  return new FaultError(fault('CANNOT_LISTEN', what + message, remedy === undefined ? {} : { remedy }), {
    cause: error,
  })
}

type ListenAdvice = readonly [message: string, remedy: string | undefined]

function known(code: string, listen: string): ListenAdvice | null {
  const { host, port } = readListenAddress(listen)
  switch (code) {
    case 'EADDRINUSE':
      return [`Another program listens on ${listen} already.`, 'Stop it and try again, or use another port.']
    case 'EADDRNOTAVAIL':
      return [`${host} is no address of this computer.`, 'Use one that it has, or 127.0.0.1 for programs on it alone.']
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [`The name ${host} could not be resolved.`, 'Use an address of this computer, such as 127.0.0.1.']
    case 'EACCES':
      return [
        `This user may not listen on port ${port}.`,
        'Use a port from 1024 on, or grant the right to this program.',
      ]
    case 'ERR_SOCKET_BAD_PORT':
      return [`There is no port ${port}.`, 'Use a port up to 65535.']
    default:
      return null
  }
}

/** What is wrong with the certificate or its key. */
function ofFile(error: unknown, { certFile, keyFile }: NonNullable<GatewaySettings['tls']>): ListenAdvice {
  const words = error instanceof Error ? error.message : ''
  if (error instanceof Error && 'path' in error)
    return [`${String(error.path)} cannot be read: ${words}.`, 'Check the path, and that this user may read the file.']
  return [
    `The certificate ${certFile} and its key ${keyFile} cannot be used: ${words}.`,
    'Give a certificate and the key that belongs to it, both as PEM files and the key without a passphrase.',
  ]
}
