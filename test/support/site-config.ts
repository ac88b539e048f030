import type { ConfigInput } from '../../shared/model/config.ts'
import type { SiteAccess } from './s3-site.ts'

/** A site as a configuration declares it. */
export function siteConfig(id: string, site: SiteAccess): NonNullable<ConfigInput['sites']>[number] {
  const { endpoint, region, accessKeyId, secretAccessKey, caFile } = site
  const tls = caFile === undefined ? {} : { tls: { caFile } }
  return { id, name: `Site ${id}`, endpoint, region, ...tls, credentials: { accessKeyId, secretAccessKey } }
}
