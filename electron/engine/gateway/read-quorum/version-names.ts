import type { VersionEntry } from '../../store/port.ts'
import type { Replica } from '../replicas.ts'
import type { CopyState } from './copy-state.ts'

/** Enough of a version to name it. */
type VersionToName = Pick<VersionEntry, 'versionId' | 'etag' | 'deleteMarker'>

/** One name for a version and all its replicas, whatever each copy calls it: the source's id where that is known. */
export type VersionNames = (copy: Replica | null, version: VersionToName) => string

/**
 * Names by the journal's pairs first, then by what the newest versions say of themselves. `states` are those of one
 * key; a copy of null is the source.
 */
export function versionNames(states: readonly (readonly [copy: Replica | null, state: CopyState])[]): VersionNames {
  const source = states.find(([copy]) => copy === null)?.[1]
  const stamps = new Map(states.map(([copy, state]) => [copy?.link.linkId, state]))
  return (copy, version) => {
    const found = copy === null ? version.versionId : nameAt(copy, version, stamps.get(copy.link.linkId))
    // `null` is no name: every site may reuse it for other content.
    if (found === 'null') return `null ${version.deleteMarker ? 'marker' : version.etag}`
    const here = source?.replicaOf === found ? source.versionId : null
    return here === null || here === 'null' ? found : here
  }
}

function nameAt(copy: Replica, { versionId }: VersionToName, newest: CopyState | undefined): string {
  const stamp = newest?.versionId === versionId ? newest.replicaOf : null
  const adopted = copy.toSource(versionId)
  // An adopted id is only a guess where the stamp says otherwise.
  return adopted === null || (adopted === versionId && stamp !== null) ? (stamp ?? versionId) : adopted
}
