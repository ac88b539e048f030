import { connect } from 'node:net'

/** What came back on a connection, byte for byte. */
export interface RawAnswer {
  /** Of the first final answer; 0 when none came. */
  readonly status: number
  /** The S3 error code, or ''. */
  readonly code: string
  /** Everything, all answers of the connection. */
  readonly bytes: Buffer
  /** Final answers that came whole. */
  readonly answers: number
  readonly ending: 'whole' | 'closed' | 'silent' | 'endless' | 'refused'
}

const silenceMs = 4_000
/** Change streams never end. */
const patienceMs = 10_000

/** Sends bytes to `host:port` and reads until as many answers are whole, the connection ends, or nothing comes any more. */
export function exchange(port: number, sent: Buffer, head: boolean, wanted = 1): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1' })
    let read = 0
    let ended = false
    const end = (ending: RawAnswer['ending']): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      socket.destroy()
      const bytes = Buffer.concat(pieces)
      const { statuses } = answersIn(bytes, head)
      const code = /<Code>(\w+)<\/Code>/.exec(bytes.toString('latin1'))?.[1] ?? ''
      resolve({
        status: statuses[0] ?? statusIn(bytes.toString('latin1', 0, 64)),
        code,
        bytes,
        answers: statuses.length,
        ending,
      })
    }
    const timer = setTimeout(() => end('endless'), patienceMs)
    socket.setTimeout(silenceMs, () => end('silent'))
    socket.on('error', () => end(read === 0 ? 'refused' : 'closed'))
    socket.on('close', () => end('closed'))
    socket.on('data', (piece: Buffer) => {
      pieces.push(piece)
      read += piece.length
      if (read < 8 << 20 && answersIn(Buffer.concat(pieces), head).statuses.length >= wanted) end('whole')
    })
    socket.write(sent)
  })
}

const statusIn = (text: string): number => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0)

interface Answers {
  readonly statuses: readonly number[]
}

/** The statuses of the final answers that are whole in these bytes. */
function answersIn(bytes: Buffer, head: boolean): Answers {
  const statuses: number[] = []
  let at = 0
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd < 0) return { statuses }
    const text = bytes.toString('latin1', at, headEnd)
    const status = statusIn(text)
    const bodyAt = headEnd + 4
    if (status >= 100 && status < 200) {
      at = bodyAt
      continue
    }
    const end = head || status === 204 || status === 304 ? bodyAt : bodyEnd(bytes, bodyAt, text)
    if (end === null || end > bytes.length) return { statuses }
    statuses.push(status)
    at = end
  }
}

function bodyEnd(bytes: Buffer, from: number, head: string): number | null {
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length !== undefined) return from + Number(length)
  if (!/\r\ntransfer-encoding: chunked/i.test(head)) return null
  let at = from
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    at = line + 2 + size + 2
    if (size === 0) return at
  }
}
