import type { Vendor } from './site-profile.ts'

/** What a kind of server does with objects and their properties. null: nobody looked, so nothing is claimed. */
export interface SiteTraits {
  /** An additional checksum (`x-amz-checksum-*`) is compared with the bytes, stored and told by HEAD. */
  readonly checksums: boolean | null
  /** Grants of an object's ACL are stored. */
  readonly acl: boolean | null
  /** A tag may have any characters; where not, letters and digits of ASCII, space and `+ - = . _ : / @`. */
  readonly anyTagText: boolean | null
  /** `x-amz-meta-name:` without a value stays. */
  readonly emptyMetadata: boolean | null
  /** `x-amz-website-redirect-location` stays. */
  readonly websiteRedirect: boolean | null
  /** As a source: HEAD of a part tells how long it is. */
  readonly tellsParts: boolean | null
  /** What is asked to be kept under SSE-S3 is encrypted. */
  readonly sseS3: boolean | null
  /** Storage classes of S3 are taken by their names. */
  readonly storageClasses: boolean | null
  /** A key that lies below another object’s (`c/1` beside `c`) is in its listings, or refused. */
  readonly listsNested: boolean | null
}

const nothingKnown: SiteTraits = {
  checksums: null,
  acl: null,
  anyTagText: null,
  emptyMetadata: null,
  websiteRedirect: null,
  tellsParts: null,
  sseS3: null,
  storageClasses: null,
  listsNested: null,
}

/** MinIO and Ceph as the real servers answer in `test/real/fidelity.test.ts` and `site-profile.test.ts`; AWS by the S3 API reference. */
const traits: Readonly<Record<Vendor, SiteTraits>> = {
  minio: {
    checksums: true,
    acl: false,
    anyTagText: false,
    emptyMetadata: true,
    websiteRedirect: false,
    tellsParts: true,
    sseS3: true,
    storageClasses: false,
    listsNested: false,
  },
  ceph: {
    checksums: false,
    acl: true,
    anyTagText: true,
    emptyMetadata: true,
    websiteRedirect: true,
    tellsParts: false,
    sseS3: false,
    storageClasses: false,
    listsNested: true,
  },
  aws: {
    checksums: true,
    acl: true,
    anyTagText: true,
    emptyMetadata: true,
    websiteRedirect: true,
    tellsParts: true,
    sseS3: true,
    storageClasses: true,
    listsNested: true,
  },
  // It remembers what was asked, and encrypts nothing: it is for samples and tests.
  'lockstep-sandbox': {
    checksums: true,
    acl: true,
    anyTagText: true,
    emptyMetadata: true,
    websiteRedirect: true,
    tellsParts: true,
    sseS3: false,
    storageClasses: true,
    listsNested: true,
  },
  // Its listings changed with its releases, so it is asked.
  rustfs: nothingKnown,
  other: nothingKnown,
}

export const traitsOf = (vendor: Vendor | null): SiteTraits => (vendor === null ? nothingKnown : traits[vendor])

/** What was found out of the site goes before what servers of its kind do. */
export const knownTraits = (site: TraitSource): SiteTraits => ({ ...traitsOf(site?.vendor ?? null), ...site?.measured })

type TraitSource = { readonly vendor: Vendor; readonly measured?: Partial<SiteTraits> } | null
