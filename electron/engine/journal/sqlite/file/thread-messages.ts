/** What the journal's thread is told. */
export type ThreadOrder = 'checkpoint' | 'check' | 'end'

/** What it answers: null when it is done, or why it could not be done. */
export type ThreadAnswer = (SqliteWords & { readonly message: string }) | null

/** What node:sqlite adds to its errors: SQLite's own code and words. */
export interface SqliteWords {
  readonly errcode?: number
  readonly errstr?: string
}

/** Only these of an error: more does not pass from thread to thread. */
export function refusal(error: unknown): SqliteWords {
  const { errcode, errstr }: SqliteWords = Object(error)
  return { ...(errcode === undefined ? {} : { errcode }), ...(errstr === undefined ? {} : { errstr }) }
}
