import type { Vendor } from './site-profile.ts'

/** What a kind of server does with the properties of an object. null: nobody looked, so nothing is claimed. */
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
}

/** MinIO and Ceph as the real servers answer in `test/real/fidelity.test.ts`; AWS by the S3 API reference. */
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
  },
  rustfs: nothingKnown,
  other: nothingKnown,
}

export const traitsOf = (vendor: Vendor | null): SiteTraits => (vendor === null ? nothingKnown : traits[vendor])
