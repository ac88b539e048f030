import { z } from 'zod'

export const sseCKeyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use 1–63 lower-case letters, digits and dashes')

/** 32 bytes, as AES-256 has them: 64 hex digits, or base64 with its padding. */
export const sseCKeyText = z
  .string()
  .trim()
  .regex(/^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/, 'give 32 bytes as base64 (44 characters) or hex (64 digits)')

/** A key that clients hand over with each request (SSE-C), as a configuration declares it. */
export const declaredSseCKeySchema = z.strictObject({
  name: sseCKeyName,
  key: z.union([
    sseCKeyText,
    z.strictObject({
      env: z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'use an environment variable such as ARCHIVE_KEY'),
    }),
  ]),
})
export type DeclaredSseCKey = Readonly<z.infer<typeof declaredSseCKeySchema>>

/** A key without its bytes, which are never told again. */
export interface SseCKeyView {
  readonly name: string
  /** Base64 MD5 of the key: sites tell of an object’s key by it. */
  readonly md5: string
  /** `config`: declared in the configuration, and removed there. */
  readonly from: 'console' | 'config'
  /** False where the bytes are lost, as with a vault that was renewed: to be entered again. */
  readonly isThere: boolean
  readonly usedByRules: readonly string[]
  /** Epoch ms. */
  readonly createdAt: number
}
