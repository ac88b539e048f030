import { pino, type Logger } from 'pino'

export type { Logger } from 'pino'

/** JSON lines to the host. Fields that can hold secrets are cut out at the source, whoever logs them. */
export function createLogger(write: (line: string) => void): Logger {
  const redact = [
    'credentials',
    'keys',
    'secretAccessKey',
    'accessKeyId',
    '*.credentials',
    '*.keys',
    '*.secretAccessKey',
    '*.accessKeyId',
  ]
  return pino(
    { base: null, redact, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line) => write(line.trimEnd()) },
  )
}
