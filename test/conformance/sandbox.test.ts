import { startSandbox } from '../support/sandbox.ts'
import { allPromises, minioPromises } from './promises/all.ts'
import { holdToPromises } from './site-promise.ts'

for (const identity of ['mints', 'adopts-minio'] as const) {
  holdToPromises(
    `sandbox that ${identity}`,
    async () => {
      const site = await startSandbox({ identity })
      return { ...site, stop: () => site.close() }
    },
    identity === 'mints' ? allPromises : minioPromises,
  )
}
