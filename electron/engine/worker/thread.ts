import { isMainThread, parentPort } from 'node:worker_threads'
import type { ToThread } from './port.ts'
import { TransferThread } from './transfer-thread.ts'

/** The entry of a transfer thread: bytes, hashing and the parsing of listings happen here, never on the main thread. */
if (!isMainThread && parentPort !== null) {
  const port = parentPort
  // With its port and its sockets closed nothing keeps the thread, and it ends by itself.
  const thread = new TransferThread(
    (message) => port.postMessage(message),
    () => port.close(),
  )
  port.on('message', (message: ToThread) => thread.receive(message))
}
