import { z } from 'zod'
import { notificationsSchema, workersSchema, type Config } from '../../../shared/model/config.ts'
import type { RecordStore } from '../journal/port/records.ts'

/** What the operator may change while the engine runs, kept in the journal. */
export interface EngineSettings {
  workers(): Config['workers']
  setWorkers(workers: Config['workers']): Promise<void>
  readonly notifications: Config['notifications']
}

const settingsName = 'settings'
export const settingsSchema = z.object({
  workers: workersSchema.prefault({}),
  notifications: notificationsSchema.prefault({}),
})

/** What a configuration file declares goes before what was kept. */
export async function openSettings(
  records: Pick<RecordStore, 'read' | 'write'>,
  declared: Config | null,
  onWorkers: (workers: Config['workers']) => void,
): Promise<EngineSettings> {
  let kept = settingsSchema.parse(declared ?? (await records.read(settingsName)) ?? {})
  return {
    workers: () => kept.workers,
    notifications: kept.notifications,
    async setWorkers(workers) {
      await records.write(settingsName, { ...kept, workers })
      kept = { ...kept, workers }
      onWorkers(workers)
    },
  }
}
