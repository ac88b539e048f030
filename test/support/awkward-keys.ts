/** Keys that are legal in S3 and break careless code: each shape was accepted by Ceph and by the sandbox. */
export const awkwardKeys: readonly string[] = [
  'umlaut-äöü-中文-🚀',
  'nfc-\u00e9',
  'nfd-e\u0301',
  "url ?&=#;:@$,!*'()[]{}|^~`",
  'literal%2Fescape%20',
  'plus+plus++',
  'quotes-"double"-<angle>',
  'back\\slash\\',
  'double//slash',
  '/leading-slash',
  'trailing-slash/',
  './dot-segment',
  'a/../b',
  '..',
  '.',
  ' leading and trailing space ',
  'new\nline',
  'tab\ttab',
  'carriage\rreturn',
  'control-\u0001',
  'delete-\u007f',
  'noncharacter-\ufffe',
  'k'.repeat(1024),
  'ü'.repeat(512),
  `${'d/'.repeat(255)}leaf`,
  '_underscore',
  '__multipart',
  '_multipart_x.2~abc.meta',
  '_:a_b',
  'plane-\u{20000}\u{1f9ff}',
  'rtl-\u05d0\u05d1\u05d2-\u202e',
  'zero-\u200bwidth\u200d',
  'entity-&amp;-&#x41;',
]

const dotSegment = /(^|\/)\.{1,2}(\/|$)/
/** Those that lead elsewhere where keys are paths. */
export const dotSegmentKeys: readonly string[] = awkwardKeys.filter((key) => dotSegment.test(key))

/** Those that MinIO keeps too: it stores keys as paths, so dot segments, `//` and a leading `/` are refused there. */
export const pathSafeAwkwardKeys: readonly string[] = awkwardKeys.filter(
  (key) =>
    !dotSegment.test(key) &&
    !/\/\/|^\/|\\/.test(key) &&
    !key.endsWith('/') &&
    key.split('/').every((segment) => Buffer.byteLength(segment) <= 255),
)
