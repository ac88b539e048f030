/** Bytes by which content of a known type begins: `at` an offset, as hex, or as text. */
interface Signature {
  readonly type: string
  readonly at: number
  readonly bytes: Buffer
}

const hex = (type: string, at: number, ...bytes: readonly string[]): readonly Signature[] =>
  bytes.map((one) => ({ type, at, bytes: Buffer.from(one.replaceAll(' ', ''), 'hex') }))
const text = (type: string, at: number, ...bytes: readonly string[]): readonly Signature[] =>
  bytes.map((one) => ({ type, at, bytes: Buffer.from(one, 'latin1') }))

/**
 * Types whose content does not compress, so that it looks as random bytes do: compressed archives, pictures, sound, film,
 * and containers of such. From the formats' own specifications and the IANA media type registrations.
 */
const signatures: readonly Signature[] = [
  ...hex('gzip', 0, '1f 8b 08'),
  ...hex('zip', 0, '50 4b 03 04', '50 4b 05 06', '50 4b 07 08'),
  ...hex('7z', 0, '37 7a bc af 27 1c'),
  ...hex('zstd', 0, '28 b5 2f fd', '37 a4 30 ec'),
  ...hex('xz', 0, 'fd 37 7a 58 5a 00'),
  ...hex('lz4', 0, '04 22 4d 18', '02 21 4c 18'),
  ...hex('lzma', 0, '5d 00 00 00 01', '5d 00 00 80 00', '5d 00 00 10 00', '5d 00 00 00 02', '5d 00 00 00 04'),
  ...hex('bzip2', 4, '31 41 59 26 53 59'),
  ...hex('snappy', 0, 'ff 06 00 00 73 4e 61 50 70 59'),
  ...hex('compress', 0, '1f 9d 90', '1f a0'),
  ...hex('rar', 0, '52 61 72 21 1a 07'),
  ...hex('ole', 0, 'd0 cf 11 e0 a1 b1 1a e1'),
  ...hex('jpeg', 0, 'ff d8 ff'),
  ...hex('png', 0, '89 50 4e 47 0d 0a 1a 0a'),
  ...hex('jpeg-xl', 0, '00 00 00 0c 4a 58 4c 20 0d 0a 87 0a', 'ff 0a'),
  ...hex('jpeg-2000', 0, '00 00 00 0c 6a 50 20 20 0d 0a 87 0a', 'ff 4f ff 51'),
  ...hex('tiff', 0, '49 49 2a 00', '4d 4d 00 2a', '49 49 2b 00', '4d 4d 00 2b'),
  ...hex('matroska', 0, '1a 45 df a3'),
  ...hex('mpeg', 0, '00 00 01 ba', '00 00 01 b3'),
  ...hex('asf', 0, '30 26 b2 75 8e 66 cf 11'),
  ...hex('parquet', 0, '50 41 52 31'),
  ...hex('avro', 0, '4f 62 6a 01'),
  ...hex('rpm', 0, 'ed ab ee db'),
  ...hex('wasm', 0, '00 61 73 6d'),
  ...hex('pack', 0, '50 41 43 4b 00 00 00'),
  ...hex('mp3', 0, 'ff fb', 'ff f3', 'ff f2', 'ff fa'),
  ...hex('aac', 0, 'ff f1', 'ff f9'),
  ...text('gif', 0, 'GIF87a', 'GIF89a'),
  ...text('riff', 0, 'RIFF', 'RF64'),
  ...text('isobmff', 4, 'ftyp', 'moov', 'mdat', 'wide'),
  ...text('ogg', 0, 'OggS'),
  ...text('flac', 0, 'fLaC'),
  ...text('mp3', 0, 'ID3'),
  ...text('midi', 0, 'MThd'),
  ...text('pdf', 0, '%PDF-'),
  ...text('postscript', 0, '%!PS'),
  ...text('woff', 0, 'wOFF', 'wOF2'),
  ...text('ar', 0, '!<arch>'),
  ...text('xar', 0, 'xar!'),
  ...text('cabinet', 0, 'MSCF'),
  ...text('lzip', 0, 'LZIP'),
  ...text('lrzip', 0, 'LRZI'),
  ...text('lzop', 0, '\x89LZO'),
  ...text('zpaq', 0, 'zPQ', '7kSt'),
  ...text('orc', 0, 'ORC'),
  ...text('hdf5', 0, '\x89HDF'),
  ...text('sqlite', 0, 'SQLite format 3'),
  ...text('squashfs', 0, 'hsqs', 'sqsh'),
  ...text('qcow', 0, 'QFI\xfb'),
  ...text('vmdk', 0, 'KDMV'),
  ...text('vhdx', 0, 'vhdxfile', 'conectix'),
  ...text('wim', 0, 'MSWIM'),
  ...text('dicom', 128, 'DICM'),
  ...text('tar', 257, 'ustar'),
  ...text('flv', 0, 'FLV\x01'),
  ...text('swf', 0, 'CWS', 'ZWS', 'FWS'),
  ...text('elf', 0, '\x7fELF'),
  ...text('brotli-framed', 0, '\xce\xb2\xcf\x81'),
  ...text('blosc', 0, 'BLSC'),
]

/** A transport stream has a sync byte every 188 bytes, and nothing else that would tell it. */
const isTransportStream = (sample: Buffer): boolean =>
  sample.length > 564 && [0, 188, 376, 564].every((at) => sample[at] === 0x47)

/** The type that the content begins like, by its own bytes; null for none that is known. */
export function knownType(sample: Buffer): string | null {
  const found = signatures.find(({ at, bytes }) => sample.subarray(at, at + bytes.length).equals(bytes))
  return found?.type ?? (isTransportStream(sample) ? 'mpeg-ts' : null)
}
