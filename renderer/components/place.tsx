import { IconArrowRight } from '@tabler/icons-react'
import type { BucketAt } from '../../shared/model/rule.ts'
import { placeOf } from '../text/link.ts'

/** “photos @ berlin → photos @ oslo”. */
export function Route({ source, target }: { readonly source: BucketAt; readonly target: BucketAt }) {
  return (
    <span className="wrap">
      {placeOf(source)} <IconArrowRight size={14} stroke={1.8} aria-label="to" style={{ verticalAlign: '-2px' }} />{' '}
      {placeOf(target)}
    </span>
  )
}
