import type { NestedUnseen } from '../model/compare.ts'
import type { BucketAt } from '../model/rule.ts'

const nestedKeys = 'keys that lie below another object’s key (c/1 where c is an object)'

/** Keys of which no listing tells: nobody can say what they are, or that there are none. */
export function nestedUnseenText(unseen: readonly NestedUnseen[]): string {
  const [known, untried] = [true, false].map((isKnown) => namesOf(unseen.filter((one) => one.isKnown === isKnown)))
  return [
    ...(known === '' ? [] : [`${nestedKeys} are in no listing of ${known}, so none of them was seen there`]),
    ...(untried === ''
      ? []
      : [`nobody has tried whether ${nestedKeys} are in the listings of ${untried} (probe it under Sites)`]),
  ].join('; ')
}

const namesOf = (buckets: readonly BucketAt[]): string =>
  buckets.map(({ site, bucket }) => `${site}/${bucket}`).join(' and of ')
