/** What to do next with the task that met a fault. `after` waits the time that the site itself named. */
export type Retry = 'backoff' | 'after' | 'never'

interface FaultKind {
  /** One plain sentence: what happened. */
  readonly title: string
  /** One plain sentence: what the operator does about it. */
  readonly remedy: string
  readonly retry: Retry
  /** A fault of the whole site (it counts towards its breaker), not of one object. */
  readonly ofSite: boolean
}

const transient = (title: string, remedy: string): FaultKind => ({ title, remedy, retry: 'backoff', ofSite: false })
const siteDown = (title: string, remedy: string): FaultKind => ({ title, remedy, retry: 'backoff', ofSite: true })
const permanent = (title: string, remedy: string): FaultKind => ({ title, remedy, retry: 'never', ofSite: false })

/** Every fault there is: the one list. Journal, API and screens carry the code; the words come from here. */
export const faultKinds = {
  DNS_FAILED: siteDown(
    'The site’s host name could not be resolved.',
    'Check the endpoint’s host name and this machine’s DNS.',
  ),
  CONNECT_REFUSED: siteDown(
    'The site refused the connection.',
    'Check that the site is running and that the port is right. Work resumes by itself when it answers.',
  ),
  CONNECT_TIMEOUT: siteDown(
    'The site did not accept the connection in time.',
    'Check the network path and any firewall. Work resumes by itself when it answers.',
  ),
  CONNECTION_LOST: siteDown(
    'The connection broke in the middle of a request.',
    'Nothing to do: it is tried again. If it stays, check the network path and the site’s log.',
  ),
  TLS_FAILED: siteDown(
    'The site’s TLS certificate could not be trusted.',
    'Give the site’s CA file under Sites, or renew its certificate.',
  ),
  RESPONSE_TIMEOUT: siteDown(
    'The site accepted the request and then stayed silent.',
    'Check the site’s load. It is tried again.',
  ),
  BODY_STALLED: transient('The transfer stopped moving.', 'It is tried again. If it stays, check the network path.'),
  BODY_CUT: transient(
    'The body ended before its announced length.',
    'It is tried again. If it stays, check the site’s log for this object.',
  ),
  SLOW_DOWN: {
    title: 'The site is too busy, or asked to slow down.',
    remedy:
      'Nothing to do: Lockstep waits as asked. If it stays, lower the workers or give the rule a bandwidth limit.',
    retry: 'after',
    ofSite: false,
  },
  SERVER_ERROR: transient(
    'The site answered with an internal error.',
    'It is tried again. If it stays, look into the site’s log.',
  ),
  SITE_OFFLINE: siteDown(
    'The site is offline.',
    'Bring the site back. Its changes wait in the queue and drain when it returns.',
  ),
  ACCESS_KEY_UNKNOWN: transient(
    'The site does not know this access key.',
    'Enter the right access key under Sites. Work resumes by itself.',
  ),
  SIGNATURE_REJECTED: transient(
    'The site rejected the signature: the secret key is wrong.',
    'Enter the right secret key under Sites. Work resumes by itself.',
  ),
  ACCESS_DENIED: permanent(
    'The access key may not do this.',
    'Grant the missing right that the message names to the access key used at that site, then retry.',
  ),
  CLOCK_SKEW: transient(
    'The clocks of the site and of this machine are too far apart.',
    'Set both clocks by NTP. Work resumes by itself.',
  ),
  REGION_WRONG: transient(
    'The site expects signatures for another region.',
    'Set the region that the message names for the site. Work resumes by itself.',
  ),
  BUCKET_ELSEWHERE: transient(
    'The bucket is at another address than the site’s.',
    'Set the endpoint or region that the message names for the site, or name the bucket where it is. Keys are never sent to another host unasked.',
  ),
  EVENTS_SILENT: transient(
    'The event stream is open and tells nothing.',
    'Changes are found by scans, which come closer meanwhile. Check what lies between Lockstep and the site: a proxy or a server that gathers its answers holds events back.',
  ),
  BUCKET_MISSING: permanent('The bucket does not exist.', 'Create the bucket (the wizard can), then retry.'),
  BUCKET_UNVERSIONED: permanent(
    'Versioning is not enabled on the bucket.',
    'Enable versioning on the bucket, then retry.',
  ),
  BUCKET_LOCK_MISSING: permanent(
    'The object is locked at the source, and the target bucket has no object lock.',
    'Object lock can be set only when a bucket is created: use a target bucket created with object lock, or set the rule’s object lock to “ignore”.',
  ),
  BUCKET_LOCK_LOST: permanent(
    'The target bucket had object lock and has it no more.',
    'Object lock can be set only when a bucket is created: create the target bucket anew with object lock, or set the rule’s object lock to “ignore”. The rule goes on by itself then.',
  ),
  OBJECT_LOCKED: permanent(
    'The version is locked at the target and may not be changed or deleted yet.',
    'Wait until the retention ends, or lift the legal hold at the target, then retry. A governance retention that was shortened at the source can be shortened there if the rule allows it.',
  ),
  ENCRYPTION_KEY_NEEDED: permanent(
    'The object is encrypted with a key that only its owner has (SSE-C).',
    'Store its key under Settings (or by lockstep sse-c-keys add) and name it in the rule (fidelity.sseCKeys), or exclude the object from the rule, then retry. Nothing was stored without the key.',
  ),
  ENCRYPTION_KEY_NEEDS_TLS: permanent(
    'A key of a client (SSE-C) travels only over TLS, and the site is reached without.',
    'Give the site’s endpoint with https, then retry.',
  ),
  ENCRYPTION_KEY_IGNORED: permanent(
    'The target does not encrypt with a client’s key (SSE-C), though it was asked to.',
    'Exclude such objects from the rule, or choose another target. What was stored without the key was removed again, unless the message says otherwise.',
  ),
  KMS_KEY_MISSING: permanent(
    'The target does not know the object’s encryption key.',
    'Create the key at the target, then retry.',
  ),
  KMS_KEY_NEEDED: permanent(
    'The object is encrypted by the source’s key service (SSE-KMS), and the rule names no key for the copy.',
    'Name a key of the target’s key service in the rule, then retry. Nothing was stored without it.',
  ),
  TAG_REFUSED: permanent(
    'The target does not take a tag of the object, though S3 does.',
    'Change the tag at the source; or let the rule leave out tags that the target refuses; then retry.',
  ),
  OBJECT_ARCHIVED: permanent(
    'The object is archived at the source and cannot be read.',
    'Restore it at the source (RestoreObject) for some days, wait until that is done, then retry.',
  ),
  TAGS_OVER_LIMIT: permanent(
    'The target does not take this many tags, or a tag this long.',
    'Shorten the object’s tags (S3 allows 10), then retry.',
  ),
  METADATA_OVER_LIMIT: permanent(
    'The object’s metadata is larger than the target accepts.',
    'Shorten the object’s metadata (S3 allows 2 KiB), then retry.',
  ),
  KEY_NOT_ALLOWED: permanent(
    'The target does not accept this object key.',
    'Rename the object, or exclude it from the rule.',
  ),
  OBJECT_TOO_LARGE: permanent(
    'The object is larger than the target accepts.',
    'Exclude it from the rule, or raise the target’s limit.',
  ),
  STORAGE_CLASS_UNKNOWN: permanent(
    'The target does not know this storage class.',
    'Choose a storage class that the target has in the rule.',
  ),
  QUOTA_EXCEEDED: siteDown(
    'The target is full or over its quota.',
    'Free space or raise the quota. It is tried again.',
  ),
  NOT_SUPPORTED: permanent(
    'The site does not support this operation.',
    'See the message for the operation; switch it off in the rule, or exclude the object.',
  ),
  REQUEST_REFUSED: permanent(
    'The site refused the request.',
    'The message holds the site’s own words. Mend the cause, then retry.',
  ),
  RESPONSE_UNREADABLE: transient(
    'The site’s answer could not be understood.',
    'Check that the endpoint is an S3 endpoint and not a web page or proxy.',
  ),
  CONTENT_MISMATCH: transient(
    'The bytes that arrived are not the bytes that were sent.',
    'The copy was not kept; it is tried again. If it stays, check the network path and the source’s disks.',
  ),
  SOURCE_CHANGED: transient('The object changed while it was copied.', 'Nothing to do: it is read again.'),
  SOURCE_UNREADABLE: transient(
    'The source could not read the object to its end.',
    'It is tried again. If it stays, check the source’s health for this object.',
  ),
  SOURCE_LOST: permanent(
    'The source lists the version and does not give it.',
    'Its data may be lost there: check the source’s health for this object. Restore the version or delete it there, then retry.',
  ),
  DELETE_UNPROVEN: permanent(
    'A version was deleted for good at the source, and nothing proves that the one at the target is Lockstep’s copy of it.',
    'Nothing was deleted at the target: the version was there before the rule, the journal that knew it as a copy is lost, or a copy that was cut short cannot be told from what others wrote. If it shall go, delete it there by hand, then retry.',
  ),
  NULL_DELETE_UNPROVEN: permanent(
    'A null version was deleted for good at the source, and nothing proves that the one at the target is its replica.',
    'Nothing was deleted at the target. Compare both sides; if its null version is the replica, delete it there by hand, then retry.',
  ),
  ABSENCE_UNPROVEN: transient(
    'The source does not show the version, and does not say clearly that it is gone.',
    'Nothing was deleted at the target. Check the source: its listings and its answers must agree, and no proxy may answer for it. Then retry, or delete the replica at the target by hand.',
  ),
  LISTING_UNORDERED: transient(
    'The site does not list its versions in key order.',
    'Such a listing cannot show what is missing, so nothing was concluded from it. Some sites list by folders (SeaweedFS): update the site’s software, use another site, or at a source a rule whose prefix holds fewer than 1,000 versions. Where a proxy stands before the site, check that it does not mix the answers of several servers.',
  ),
  LISTING_INCOMPLETE: transient(
    'The site leaves keys out of its listing of versions.',
    'What it leaves out would count as absent, so nothing is concluded from this listing: nothing is deleted or called equal by it. Update the site’s software or use another site. At a source, a rule whose prefix holds fewer than 1,000 versions avoids it: that is one page.',
  ),
  LISTING_AMBIGUOUS: permanent(
    'The site does not tell in which order the versions and delete markers of this key came.',
    'It lists versions and delete markers apart, with the same time. Write the object once more, or delete the versions that are not wanted at the source, then retry. Other keys of the rule are not held back by it.',
  ),
  SOURCE_UNRECOGNIZED: permanent(
    'The source has nothing of what was copied from it.',
    'If another server or a new bucket stands there, point the site or the rule back to the one that it was made for. If the source was emptied on purpose, start a resync of the rule: that confirms it, and its deletes are repeated.',
  ),
  PREDECESSOR_FAILED: transient(
    'An older version of this object must arrive first, and has not.',
    'See the older version’s failure; this one follows by itself.',
  ),
  DELETE_BRAKE: permanent(
    'More deletes came than the rule’s brake allows.',
    'Look at what was deleted at the source, then release or keep the brake on the rule’s page.',
  ),
  JOURNAL_UNWRITABLE: permanent(
    'The journal cannot be written.',
    'Free space on the disk that holds the data directory, then restart Lockstep.',
  ),
  JOURNAL_DAMAGED: permanent(
    'The journal is damaged.',
    'Stop Lockstep and begin a new journal: lockstep journal renew --data DIR. The damaged files are kept aside.',
  ),
  JOURNAL_IN_USE: permanent(
    'Another Lockstep engine uses this data directory.',
    'Stop the other engine, or give this one another data directory.',
  ),
  DATA_EXPOSED: permanent(
    'Other accounts of this computer can read the data directory.',
    'Give Lockstep a directory of its own, or close this one to other accounts.',
  ),
  CONFIG_INVALID: permanent(
    'The configuration is not valid.',
    'Mend the field named in the message. Nothing was changed.',
  ),
  NOT_FOUND: permanent('There is no such thing here.', 'It may have been removed; look at the list again.'),
  SESSION_UNKNOWN: permanent(
    'Lockstep was started anew and does not know this page any more.',
    'Open the new link that lockstep serve printed, or make one with: lockstep console --data DIR',
  ),
  CONFLICT: permanent('This does not fit what is there.', 'See the message.'),
  VAULT_LOCKED: permanent('The credentials vault could not be opened.', 'Give the right passphrase or key file.'),
  CANNOT_LISTEN: permanent(
    'Lockstep cannot listen there.',
    'Mend the cause that the message names, then try again or save other settings.',
  ),
  CANCELLED: permanent('It was cancelled.', 'Start it again if it is still wanted.'),
  INTERNAL: transient(
    'Lockstep met an error of its own.',
    'It is tried again. Please report it with the diagnostics from Settings.',
  ),
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof faultKinds

/** Plain data: it goes in the journal, over the API and on the screen unchanged. Holds no secret. */
export interface Fault {
  readonly code: FaultCode
  /** What exactly happened here: operation, bucket or field, and the site's own words. Never a key or a stack. */
  readonly message: string
  readonly remedy: string
  readonly retry: Retry
  /** With `retry: 'after'`: milliseconds to wait, as the site asked. */
  readonly afterMs?: number | undefined
  /** The region that the site says is the right one. */
  readonly region?: string | undefined
  /** The URL that the site says is to be asked instead. */
  readonly endpoint?: string | undefined
  /** Site id at which it happened, if it was at a site. */
  readonly site?: string | undefined
}

/** Builds a fault from its code; remedy and retry come from {@link faultKinds} unless given. */
export function fault(code: FaultCode, message: string, more: Partial<Omit<Fault, 'code' | 'message'>> = {}): Fault {
  const { remedy, retry } = faultKinds[code]
  return { code, message, remedy, retry, ...more }
}

/** Carries a {@link Fault} when it is thrown; `cause` keeps the foreign error for the log. */
export class FaultError extends Error {
  readonly fault: Fault
  constructor(value: Fault, options?: { cause?: unknown }) {
    super(`${value.code}: ${value.message}`, options)
    this.name = 'FaultError'
    this.fault = value
  }
}
