import { failed, ok, place, warning, type CheckContext, type Finding, type Repair, type Side } from './check.ts'

/** Is versioning on? Without it neither side keeps a history that could be kept in step. */
export async function checkVersioning(side: Side, { signal }: CheckContext): Promise<Finding> {
  const view = await side.store().bucket(side.bucket, { signal })
  const versioning = view?.versioning ?? 'Off'
  if (versioning === 'Enabled') return ok(`Versioning is enabled on ${place(side)}.`)
  if (versioning === 'unknown') {
    return warning(
      `The key may not read the versioning of ${place(side)} (s3:GetBucketVersioning). It must be enabled.`,
    )
  }
  const found = `Versioning is ${versioning === 'Off' ? 'off' : 'suspended'} on ${place(side)}.`
  return failed('BUCKET_UNVERSIONED', found, side, { repair: enabling(side) })
}

const enabling = (side: Side): Repair => ({
  label: `Enable versioning on bucket ${place(side)}`,
  mend: ({ signal }) => side.store().enableVersioning(side.bucket, { signal }),
})
