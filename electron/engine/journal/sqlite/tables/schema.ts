import type { DatabaseSync } from 'node:sqlite'
import { fault, FaultError } from '../../../../../shared/model/fault.ts'
import { isApart } from './task-row.ts'

/**
 * Version 1. Links are numbered so that rows stay short. `task.state` and `task.op` are places in `taskStates` and
 * `operations`; a lease is never stored, so 1 does not occur. `code` to `last_attempt_at` are there only in tasks that failed.
 * `oldest` keeps, per 1024 seqs of a link, a lower bound of `changed_at`: an index on `changed_at` itself made a scan of
 * an old bucket, whose keys come in order and whose times do not, three times as slow to enqueue.
 */
const version1 = `
CREATE TABLE link (
  id INTEGER PRIMARY KEY, name TEXT UNIQUE,
  pending INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
  delayed INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0,
  settled_count INTEGER NOT NULL DEFAULT 0, settled_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE task (
  seq INTEGER PRIMARY KEY, link INTEGER NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
  op INTEGER NOT NULL, size INTEGER, changed_at INTEGER NOT NULL, absent_at INTEGER NOT NULL, enqueued_at INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 1,
  attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL DEFAULT 0,
  code TEXT, fault TEXT, first_failed_at INTEGER, last_attempt_at INTEGER
);
CREATE UNIQUE INDEX task_dedupe ON task (link, key, version_id);
CREATE INDEX task_ready ON task (link) WHERE state = 0;
CREATE INDEX task_waiting ON task (link) WHERE state <> 0;
CREATE INDEX task_due ON task (link, due_at) WHERE state = 2;
CREATE INDEX task_failed ON task (link, code) WHERE code IS NOT NULL;
CREATE INDEX task_failed_at ON task (last_attempt_at) WHERE code IS NOT NULL;
CREATE TABLE oldest (
  link INTEGER NOT NULL, chunk INTEGER NOT NULL, tasks INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  PRIMARY KEY (link, chunk)
) WITHOUT ROWID;
CREATE TABLE pair (
  link INTEGER NOT NULL, key TEXT NOT NULL, source_version TEXT NOT NULL, target_version TEXT NOT NULL,
  PRIMARY KEY (link, key, source_version)
) WITHOUT ROWID;
CREATE TABLE upload (seq INTEGER PRIMARY KEY, upload_id TEXT NOT NULL, source_etag TEXT NOT NULL, layout TEXT NOT NULL);
CREATE TABLE part (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (seq, number)
) WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY, link INTEGER NOT NULL, key TEXT NOT NULL, version_id TEXT NOT NULL,
  at INTEGER NOT NULL, what TEXT NOT NULL, attempt INTEGER, fault TEXT
);
CREATE INDEX event_of ON event (link, key, version_id);
CREATE TABLE activity (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, level TEXT NOT NULL, subject TEXT NOT NULL,
  rule_id TEXT, site_id TEXT, text TEXT NOT NULL, fault TEXT
);
CREATE TABLE rollup (
  link TEXT NOT NULL, at INTEGER NOT NULL, backlog_count INTEGER NOT NULL, backlog_bytes INTEGER NOT NULL,
  lag_seconds REAL NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL, failures INTEGER NOT NULL, rtt_ms REAL,
  PRIMARY KEY (link, at)
) WITHOUT ROWID;
CREATE TABLE value (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO mark VALUES ('enqueued', 0), ('handed-out', 0);
`

/** Version 2. The few ready tasks that go in lanes of their own are found without reading all that wait before them. */
const version2 = `CREATE INDEX task_apart ON task (link) WHERE state = 0 AND ${isApart};`

/** Version 3. What a client was allowed to do past a governance retention has to be known until every target has it. */
const version3 = 'ALTER TABLE task ADD COLUMN bypass INTEGER NOT NULL DEFAULT 0;'

/**
 * Version 4. A link is a rule's way from one source to one target, each at the server that it was then: its parts stand in
 * columns, and nothing is read out of its name. What a link of an earlier version was made for, its rule and sites tell.
 */
const version4 = `
ALTER TABLE link ADD COLUMN rule TEXT;
ALTER TABLE link ADD COLUMN source_site TEXT;
ALTER TABLE link ADD COLUMN source_bucket TEXT;
ALTER TABLE link ADD COLUMN source_endpoint TEXT;
ALTER TABLE link ADD COLUMN target_site TEXT;
ALTER TABLE link ADD COLUMN target_bucket TEXT;
ALTER TABLE link ADD COLUMN target_endpoint TEXT;
ALTER TABLE link ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
ALTER TABLE link ADD COLUMN opened_at INTEGER NOT NULL DEFAULT 0;
UPDATE link SET rule = substr(name, 1, instr(name, '/') - 1), target_bucket = substr(name, instr(name, '/') + 1)
  WHERE name IS NOT NULL;
UPDATE link SET target_site = substr(target_bucket, 1, instr(target_bucket, '/') - 1),
  target_bucket = substr(target_bucket, instr(target_bucket, '/') + 1) WHERE name IS NOT NULL;
UPDATE link SET
  source_site = (SELECT json_extract(json, '$.rule.source.site') FROM value WHERE value.name = 'rule/' || rule),
  source_bucket = (SELECT json_extract(json, '$.rule.source.bucket') FROM value WHERE value.name = 'rule/' || rule)
  WHERE name IS NOT NULL;
UPDATE link SET
  source_endpoint = (SELECT json_extract(json, '$.site.endpoint') FROM value WHERE value.name = 'site/' || source_site),
  target_endpoint = (SELECT json_extract(json, '$.site.endpoint') FROM value WHERE value.name = 'site/' || target_site)
  WHERE name IS NOT NULL;
`

/** Version 5. How a pair is known: 0 untold, 1 written, 2 found (see `VersionPair`). */
const version5 = 'ALTER TABLE pair ADD COLUMN proof INTEGER NOT NULL DEFAULT 0;'

/** Version 6. What a link carries when it is full is told from the spans in which something waited for a place all along. */
const version6 = ['full_ms', 'full_objects', 'full_bytes']
  .map((column) => `ALTER TABLE rollup ADD COLUMN ${column} INTEGER NOT NULL DEFAULT 0;`)
  .join('\n')

/**
 * Version 7. Tasks that met a fault and are tried again are counted, whatever state they are in just then; attempts from before
 * a retry are kept apart from those that the backoff goes by; what settled is found by its number, with how it ended.
 */
const version7 = `
ALTER TABLE task ADD COLUMN tried_before INTEGER NOT NULL DEFAULT 0;
ALTER TABLE link ADD COLUMN failing INTEGER NOT NULL DEFAULT 0;
UPDATE link SET failing = (SELECT count(*) FROM task WHERE task.link = link.id AND code IS NOT NULL AND state <> 3);
ALTER TABLE event ADD COLUMN task INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN did TEXT;
CREATE INDEX event_task ON event (task);
`

/** Version 8. How many versions were copied without a property that they had at the source. */
const version8 = `
CREATE TABLE not_kept (
  link INTEGER NOT NULL, property TEXT NOT NULL, versions INTEGER NOT NULL,
  PRIMARY KEY (link, property)
) WITHOUT ROWID;
`

/** Version 9. Transactions are counted, so that the loss of the last ones is noticed (see `Witness`). */
const version9 = "INSERT INTO mark VALUES ('commits', 0);"

/**
 * Version 10. Of a delete marker that was sent nobody may have heard, and nothing on it tells whose it is: its task keeps a note (see
 * `noteCode`). Of a task that may have run before, nobody knows whether it sent one.
 */
const version10 = `
ALTER TABLE task ADD COLUMN marker INTEGER NOT NULL DEFAULT 0;
UPDATE task SET marker = -1 WHERE (op = 2 OR (op = 3 AND size IS NULL))
  AND (attempts + tried_before > 0 OR seq <= (SELECT seq FROM mark WHERE name = 'handed-out'));
CREATE INDEX task_marker ON task (link, key) WHERE marker <> 0;
`

/** Version 11. A task that is done may linger (state 4, until `due_at`); of a pair the attempt is kept that wrote it, while one lingers. */
const version11 = `
ALTER TABLE task ADD COLUMN lingered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX task_lingering ON task (due_at) WHERE state = 4;
ALTER TABLE pair ADD COLUMN written_by TEXT;
`

/** In order; the place counted from 1 is the version that `PRAGMA user_version` holds. Released ones never change. */
export const migrations: readonly string[] = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  version7,
  version8,
  version9,
  version10,
  version11,
]

/** Brings the file to the newest version, each step in one transaction; refuses a file from a newer Lockstep. */
export function migrate(database: DatabaseSync, steps: readonly string[]): void {
  const found = versionOf(database)
  if (found > steps.length) throw tooNew(found, steps.length)
  for (let version = found; version < steps.length; version++) {
    database.exec(`BEGIN IMMEDIATE; ${steps[version]!}; PRAGMA user_version = ${version + 1}; COMMIT`)
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
}

function tooNew(found: number, known: number): FaultError {
  return new FaultError(
    fault('JOURNAL_UNWRITABLE', `The journal has format ${found}; this Lockstep knows formats up to ${known}.`, {
      remedy: 'Start the newer Lockstep that wrote it, or give this one another data directory.',
    }),
  )
}
