/*
 * What there is to be known of a site, one line for each fact: its title, and what each answer means. The probes in
 * `electron/engine/site/profile/` find the answers out; consoles show these words.
 */

/** Every fact there is, in the order in which it is shown. An answer is one of the names in `words`. */
export const siteFacts = {
  versioning: {
    title: 'Versioning',
    words: {
      on: 'On: every version is kept.',
      suspended: 'Suspended: what is written now replaces what was there.',
      off: 'Off: what is written replaces what was there.',
      cannot: 'This site knows no versioning.',
    },
  },
  'version-ids': {
    title: 'Version ids',
    words: {
      'adopts-minio': 'Keeps the source’s version ids, times and ETags.',
      'adopts-ceph': 'Keeps the source’s version ids.',
      mints: 'Gives copies version ids of its own; Lockstep remembers which belongs to which.',
    },
  },
  'version-order': {
    title: 'Order of versions',
    words: {
      'by-time': 'By their own time: a late arrival does not become current.',
      'by-arrival': 'By arrival: Lockstep sends them oldest first.',
    },
  },
  'listing-pages': {
    title: 'Listing, one entry a page',
    words: {
      'in-order': 'Each page goes on where the one before ended, in the order of the keys.',
      incomplete: 'Leaves keys out where a page ends among them.',
      unordered: 'Does not follow the order of the keys.',
      repeats: 'Shows a version again on the next page.',
      stuck: 'Gives the same page again and again.',
    },
  },
  'listing-markers': {
    title: 'Versions and delete markers',
    words: {
      'in-order': 'In one order, newest first, also across pages.',
      apart: 'Each by themselves within a page; Lockstep puts them in order.',
      incomplete: 'Some are left out where a page ends among them.',
      unordered: 'Not newest first across pages.',
      stuck: 'Not to be had one entry a page.',
    },
  },
  'nested-keys': {
    title: 'A key below another (c and c/1)',
    words: {
      kept: 'Both are kept and listed.',
      unlisted: 'Both are kept, and the lower one is in no listing: nothing finds it there but its own name.',
      refused: 'The lower one is refused.',
      changed: 'Not both are there afterwards.',
    },
  },
  'double-slash': {
    title: 'Keys with two slashes in a row',
    words: { kept: 'Kept as given.', refused: 'Refused.', changed: 'Stored under another key.' },
  },
  'trailing-space': {
    title: 'Keys that end in a space',
    words: { kept: 'Kept as given.', refused: 'Refused.', changed: 'Stored under another key.' },
  },
  'unicode-forms': {
    title: 'Keys that differ in how an accent is written',
    words: {
      kept: 'Two keys, kept as given (NFC, NFD).',
      refused: 'Refused.',
      changed: 'Made one key, or stored under another.',
    },
  },
  tags: {
    title: 'Characters in tags',
    words: {
      any: 'Any.',
      narrow: 'Letters and digits of ASCII, spaces and + - = . _ : / @ only; others are refused.',
      changed: 'Some are changed without a word.',
      none: 'No tags at all.',
    },
  },
  'empty-metadata': {
    title: 'Metadata without a value',
    words: { kept: 'Kept.', dropped: 'Dropped.', refused: 'Refused.' },
  },
  checksums: {
    title: 'Additional checksums',
    words: {
      kept: 'Compared with what arrives, and kept.',
      unchecked: 'Kept, and not compared with what arrives.',
      dropped: 'Not kept.',
      refused: 'Refused.',
    },
  },
  'conditional-writes': {
    title: 'Writing only what is not there (If-None-Match)',
    words: {
      honoured: 'Honoured: what is there is not written over.',
      ignored: 'Ignored: what is there is written over.',
      refused: 'Refused.',
    },
  },
  'part-sizes': {
    title: 'Sizes of the parts of an object',
    words: { told: 'Told part by part.', 'not-told': 'Not told.', refused: 'Uploads in parts are refused.' },
  },
  'object-lock': {
    title: 'Object lock',
    words: { on: 'On in this bucket.', off: 'Not on in this bucket; it can be set only when a bucket is created.' },
  },
  events: {
    title: 'Tells of changes',
    words: {
      listen: 'At once, by an event stream.',
      topic: 'Can send them to the webhook receiver.',
      none: 'No: changes are found by scans.',
    },
  },
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly words: Readonly<Record<string, string>> }>
>

export type SiteFactId = keyof typeof siteFacts
export type FactValue<I extends SiteFactId = SiteFactId> = I extends SiteFactId
  ? keyof (typeof siteFacts)[I]['words']
  : never

export const siteFactIds = Object.keys(siteFacts) as readonly SiteFactId[]

/** What is of one bucket, and of no other at the site. */
export const bucketFactIds = ['versioning', 'object-lock'] as const satisfies readonly SiteFactId[]

/** What an answer means; null where this is no answer to that question. */
export function factWords(id: SiteFactId, value: string): string | null {
  const words: Readonly<Record<string, string>> = siteFacts[id].words
  return Object.hasOwn(words, value) ? (words[value] ?? null) : null
}
