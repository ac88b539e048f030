/**
 * How the blanks within a header's value stand in the text that is signed. Signature Version 4 has several in a row count as one, and leaves
 * open what a blank is; each server below refuses the spelling of the others. Measured in November 2026 at the versions of the tests.
 */
export type BlankSpelling = 'words' | 'blanks' | 'spaces' | 'first'

/** Tabs, and white space of Unicode in UTF-8, read as latin1: with the space, what Go's `strings.Fields` splits at. */
const oddBlank =
  /\t|\u00c2[\u0085\u00a0]|\u00e1\u009a\u0080|\u00e2\u0080[\u0080-\u008a\u00a8\u00a9\u00af]|\u00e2\u0081\u009f|\u00e3\u0080\u0080/
const words = new RegExp(`(?: |${oddBlank.source})+`, 'g')
const ends = new RegExp(`^${words.source}|${words.source}$`, 'g')

const spellings: Readonly<Record<BlankSpelling, (value: string) => string>> = {
  // MinIO and its clients. A no-break space as French has it, or the space of Japanese, is one too.
  words: (value) => value.replace(words, ' ').replace(/^ | $/g, ''),
  // The SDKs for Python, Java and JavaScript, so AWS takes it.
  blanks: (value) => value.replace(/[ \t]{2,}|\t/g, ' '),
  // versitygw and the SDK for Go: only spaces make a run, and any blank is taken off the ends.
  spaces: (value) => value.replace(/ {2,}/g, ' ').replace(ends, ''),
  // Ceph: the first of a run stands for it.
  first: (value) => value.replace(/([ \t])[ \t]+/g, '$1'),
}

/** `value`: latin1 text without blanks around it. */
export const spellBlanks = (value: string, spelling: BlankSpelling): string => spellings[spelling](value)

/** A value that each of them signs in another way. */
export const telltale = 'a\t b\u00e3\u0080\u0080c'

/** Whether it depends on the server how the value is signed: single spaces and runs of them are alike everywhere. */
export const hasOddBlank = (value: string): boolean => oddBlank.test(value)
