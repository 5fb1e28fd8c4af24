/** Organisations of a trade, and ids paired with their openings. */
import { refuse } from '../model/index.ts'
import type { MspId } from '../model/index.ts'

export const partiesOf = ({
  buyerMsp,
  sellerMsp,
}: {
  buyerMsp: MspId
  sellerMsp: MspId
}): MspId[] => [buyerMsp, sellerMsp]

export const zip = <A, B>(ids: readonly A[], values: readonly B[], path: string): [A, B][] =>
  ids.length === values.length && new Set(ids).size === ids.length
    ? ids.map((id, index) => [id, values[index] as B])
    : refuse('REQUEST_MALFORMED', { path, expected: 'one opening per id, each id once' })
