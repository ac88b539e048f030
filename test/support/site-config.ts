import type { ConfigInput } from '../../shared/model/config.ts'
import type { SiteAccess } from './s3-site.ts'

/** A site as a configuration declares it. */
export function siteConfig(id: string, site: SiteAccess): NonNullable<ConfigInput['sites']>[number] {
  const { endpoint, region, accessKeyId, secretAccessKey } = site
  return { id, name: `Site ${id}`, endpoint, region, credentials: { accessKeyId, secretAccessKey } }
}
