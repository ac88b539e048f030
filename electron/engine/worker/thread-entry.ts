/** The transfer thread’s program: beside this file when run from source, beside the bundle when packaged. */
export function threadEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url)
}
