import type { Scans, ScanMark } from './port/scans.ts'
import type { Journal } from './port/journal.ts'
import { Remembered } from './remembered.ts'

/** What the parts of the engine have to know in the midst of a turn, read at the start: small, and bounded by rules and links. */
export interface KeptBooks {
  /** By link: when its first copy ended. */
  readonly firstCopies: Remembered
  /** By link: how far its slow pass has come. */
  readonly attributes: Remembered
  /** By link: the keys that are apart. */
  readonly apart: Remembered
}

export async function openKeptBooks({ scans }: Pick<Journal, 'scans'>): Promise<KeptBooks> {
  return {
    firstCopies: await ofScans(scans, 'first-copy'),
    attributes: await ofScans(scans, 'attributes'),
    apart: await ofScans(scans, 'apart'),
  }
}

const ofScans = (scans: Scans, mark: ScanMark): Promise<Remembered> =>
  Remembered.open({
    all: () => scans.all(mark),
    write: (linkId, value) => scans.write(linkId, mark, value),
    erase: (linkId) => scans.erase(linkId, mark),
  })
