import { fault, FaultError, faultKinds } from '../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { CallOptions, GetOptions, ObjectStore, SseCKey } from './port.ts'

/** Versions of which is remembered which key opens them: it spares the question without a key. */
const rememberedAtMost = 10_000

/**
 * A store that opens what is under a client's key (SSE-C) with the keys named, and stores under them. Without a key a site
 * refuses to tell even which one is needed: so each is tried, after the question without one, which is all that other objects cost.
 */
export function withSseCKeys(store: ObjectStore, names: readonly string[], all: readonly SseCKey[]): ObjectStore {
  if (names.length === 0) return store
  const keys = names.flatMap((name) => all.find((key) => key.name === name) ?? [])
  const opening = new Opening(names, keys)
  const named = (md5: string | undefined): Pick<CallOptions, 'sseCKey'> =>
    md5 === undefined ? {} : { sseCKey: keys.find((key) => key.md5 === md5) }
  return {
    ...store,
    get: (ref, options: GetOptions = {}) => opening.try(ref, (sseCKey) => store.get(ref, { ...options, sseCKey })),
    head: (ref, options = {}) => opening.try(ref, (sseCKey) => store.head(ref, { ...options, sseCKey })),
    put: (version, body, options) => store.put(version, body, { ...options, ...named(version.sseCKeyMd5) }),
    createUpload: (version, options) => store.createUpload(version, { ...options, ...named(version.sseCKeyMd5) }),
    uploadPart: (upload, partNumber, body, options) =>
      store.uploadPart(upload, partNumber, body, { ...options, ...named(upload.sseCKeyMd5) }),
    completeUpload: (upload, parts, identity, sizeBytes, options) =>
      store.completeUpload(upload, parts, identity, sizeBytes, { ...options, ...named(upload.sseCKeyMd5) }),
    listParts: (upload, options) => store.listParts(upload, { ...options, ...named(upload.sseCKeyMd5) }),
  }
}

class Opening {
  readonly #names: readonly string[]
  readonly #keys: readonly SseCKey[]
  readonly #fitting = new Map<string, SseCKey>()

  constructor(names: readonly string[], keys: readonly SseCKey[]) {
    this.#names = names
    this.#keys = keys
  }

  async try<T>(ref: ObjectRef, ask: (key: SseCKey | undefined) => Promise<T>): Promise<T> {
    const name = `${ref.bucket} ${ref.versionId ?? ''} ${ref.key}`
    const known = this.#fitting.get(name)
    try {
      return await ask(known)
    } catch (error) {
      if (known === undefined && !isUnder(error)) throw error
      if (known !== undefined && !refusesKey(error)) throw error
      // Another content under the same name, as a `null` version may have: the search begins anew.
      this.#fitting.delete(name)
      return known === undefined ? this.#search(name, ask, error) : this.try(ref, ask)
    }
  }

  async #search<T>(name: string, ask: (key: SseCKey) => Promise<T>, met: unknown): Promise<T> {
    for (const key of this.#keys) {
      try {
        const answer = await ask(key)
        this.#remember(name, key)
        return answer
      } catch (error) {
        if (!refusesKey(error)) throw error
      }
    }
    throw noneFits(met, this.#names, this.#keys)
  }

  #remember(name: string, key: SseCKey): void {
    if (this.#fitting.size >= rememberedAtMost) this.#fitting.clear()
    this.#fitting.set(name, key)
  }
}

const isUnder = (error: unknown): boolean => error instanceof FaultError && error.fault.code === 'ENCRYPTION_KEY_NEEDED'

/** Sites answer 403 or 400 with a word of their own to a key that is not the right one: whatever would not pass by itself. */
const refusesKey = (error: unknown): boolean =>
  error instanceof FaultError &&
  ['ENCRYPTION_KEY_NEEDED', 'ACCESS_DENIED', 'REQUEST_REFUSED'].includes(error.fault.code) &&
  faultKinds[error.fault.code].retry === 'never'

function noneFits(met: unknown, names: readonly string[], keys: readonly SseCKey[]): unknown {
  if (!(met instanceof FaultError)) return met
  const { code, message, site } = met.fault
  const tried = keys.map(({ name }) => name)
  const lost = names.filter((name) => !tried.includes(name))
  const words = [
    ...(tried.length === 0 ? [] : [`None of the keys that the rule names opens it: ${tried.join(', ')}.`]),
    ...(lost.length === 0 ? [] : [`Not at hand, and to be entered again: ${lost.join(', ')}.`]),
  ]
  return new FaultError(fault(code, [message, ...words].join(' '), site === undefined ? {} : { site }), { cause: met })
}
