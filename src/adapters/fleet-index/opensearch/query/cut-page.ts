import type { Hit } from './search.ts'

/**
 * Of `limit + 1` hits or fewer those that make the page. What is equal in the sort is never parted,
 * because the next page begins after it: two hashes can be the same.
 * @returns the hits, and the sort values of the last if more follow; undefined instead where
 *   everything is equal, so that a longer page has to be asked for
 */
export function cutPage<Source>(
  hits: readonly Hit<Source>[],
  limit: number,
): { hits: readonly Hit<Source>[]; last: Hit<Source>['sort'] | undefined } | undefined {
  if (hits.length <= limit) return { hits, last: undefined }
  let end = limit
  while (end > 0 && isSame(hits[end - 1]?.sort, hits[end]?.sort)) end -= 1
  if (end === 0) return undefined
  return { hits: hits.slice(0, end), last: hits[end - 1]?.sort }
}

function isSame(left: Hit<unknown>['sort'] = [], right: Hit<unknown>['sort'] = []): boolean {
  return left.every((value, index) => value === right[index])
}
