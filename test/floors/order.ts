/**
 * The floors of the house, lowest first. A file may import from its own room and from the floors below, types counted;
 * rooms on one floor do not know each other. A room is a folder; the longest name that a path begins with is its own.
 */
export const floors: readonly (readonly string[])[] = [
  ['shared'],
  // What every room stands on, and what knows nothing of replication.
  ['electron/engine/base', 'electron/engine/content'],
  ['electron/engine/s3'],
  // Sites as we ask them; and sample sites of our own, which know of the protocol and of nothing else.
  ['electron/engine/store', 'electron/engine/sandbox'],
  // The ports, then the one store behind them: its file, what is kept in it, and the store itself.
  ['electron/engine/journal'],
  ['electron/engine/journal/sqlite/file'],
  ['electron/engine/journal/sqlite/tables'],
  ['electron/engine/journal/sqlite/history'],
  ['electron/engine/journal/sqlite/tasks'],
  ['electron/engine/journal/sqlite/records'],
  ['electron/engine/journal/sqlite'],
  ['electron/engine/rule', 'electron/engine/log'],
  // One version brought from one site to another: what proves whose it is, what one attempt may use, then the attempt itself.
  ['electron/engine/replicate/marks'],
  ['electron/engine/replicate'],
  ['electron/engine/replicate/versions', 'electron/engine/replicate/fidelity'],
  ['electron/engine/replicate/copy'],
  ['electron/engine/replicate/deletes'],
  ['electron/engine/replicate/attempt'],
  ['electron/engine/site'],
  ['electron/engine/feed', 'electron/engine/scan'],
  ['electron/engine/queue'],
  ['electron/engine/worker'],
  // What stops a rule by itself: too many deletes, or overwrites that look encrypted.
  ['electron/engine/brake'],
  // The one door to the queue: the rule decision, dedupe and the brakes are behind it.
  ['electron/engine/intake'],
  // What is counted, told and run besides replication.
  ['electron/engine/metrics', 'electron/engine/job', 'electron/engine/advisor', 'electron/engine/config'],
  // Which links there are and what holds them; then what is kept and found out of each; then how it stands.
  ['electron/engine/link'],
  [
    'electron/engine/link/feeds',
    'electron/engine/link/buckets',
    'electron/engine/link/convergence',
    'electron/engine/link/causes',
  ],
  ['electron/engine/link/state'],
  ['electron/engine/gateway'],
  ['electron/engine/compare'],
  ['electron/engine/renewal'],
  ['electron/engine/api'],
  ['electron/engine/composition'],
  ['electron/engine'],
  // The hosts: what the engine runs in, over what they share.
  ['electron/process'],
  ['electron/secrets'],
  ['electron/serve'],
  ['electron/cli', 'electron/desktop', 'renderer'],
]

/** What does not hold yet, by rooms. A line that is no longer needed fails the check, so the list only gets shorter. */
export const exceptions: readonly string[] = []
