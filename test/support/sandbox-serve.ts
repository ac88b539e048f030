import { createSandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'

/** `sandbox-serve.ts DIR mints|adopts-minio`: a sandbox site in a process of its own; prints its endpoint as JSON. */
const [dir = '', identity] = process.argv.slice(2)
const site = await createSandboxSite({
  dir,
  accessKeyId: 'SANDBOXACCESSKEY',
  secretAccessKey: 'sandbox/secret+key',
  identity: identity === 'adopts-minio' ? identity : 'mints',
})
const { endpoint, region, accessKeyId, secretAccessKey } = site
process.stdout.write(`${JSON.stringify({ endpoint, region, accessKeyId, secretAccessKey })}\n`)
