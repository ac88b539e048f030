import type { Briefing, BriefingRequest, TaskStore } from '../../electron/engine/journal/port/tasks.ts'

/** The briefing of one task; unless told otherwise, all of its own link and nothing of others. */
export async function briefingOf(
  { tasks }: { readonly tasks: Pick<TaskStore, 'brief'> },
  asked: Pick<BriefingRequest, 'seq'> & Partial<BriefingRequest>,
): Promise<Briefing> {
  const all = { linkId: '', key: '', own: 'all', inbound: [], opposite: null, tellsWriters: false, ...asked } as const
  const [briefing] = await tasks.brief([all])
  return briefing!
}
