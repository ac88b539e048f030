export const strippedThreads: readonly string[]
export function strippedFile(source: Uint8Array): string
