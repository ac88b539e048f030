import type { LinkOrder } from '../port.ts'

/**
 * May a version be written once more only to lie on top? Not where the site places it by its own time or keeps it where it
 * is, and not where a rule leads back: of two sides that were both written, neither order is the right one.
 */
export const restoresOrder = (link: Pick<LinkOrder, 'identity' | 'ordersByMtime' | 'opposite'>): boolean =>
  link.identity !== 'adopts-minio' && !link.ordersByMtime && link.opposite === undefined
