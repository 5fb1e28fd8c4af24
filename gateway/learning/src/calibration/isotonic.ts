/**
 * Isotonic regression: of all functions that never fall the one with the smallest squared error, found by pooling
 * adjacent violators (Ayer et al. 1955). It bends as the rows ask, and needs some hundreds of them.
 */
import { ascending, checkChances, weightOf, type Scored } from '../metrics/scored.ts'
import type { IsotonicModel } from './model.ts'

/** Rows beside each other that share a chance: their mean label. */
interface Block {
  readonly from: number
  readonly to: number
  readonly weight: number
  readonly ones: number
}

/** On rows that the model has not learnt from. */
export function fitIsotonic(scored: Scored): IsotonicModel {
  checkChances(scored)
  const blocks: Block[] = []
  for (let block of alikeOf(scored)) {
    for (let last = blocks.at(-1); last && meanOf(last) >= meanOf(block); last = blocks.at(-1)) {
      block = pooled(last, block)
      blocks.pop()
    }
    blocks.push(block)
  }
  const steps = blocks.flatMap(block =>
    (block.from < block.to ? [block.from, block.to] : [block.from]).map(at => ({
      at,
      chance: meanOf(block),
    })),
  )
  return {
    schema: 1,
    kind: 'ISOTONIC',
    at: steps.map(({ at }) => at),
    chances: steps.map(({ chance }) => chance),
  }
}

const meanOf = ({ ones, weight }: Block): number => Math.min(1, ones / weight)

const pooled = (one: Block, other: Block): Block => ({
  from: one.from,
  to: other.to,
  weight: one.weight + other.weight,
  ones: one.ones + other.ones,
})

/** Equal chances cannot become different ones. */
function* alikeOf(scored: Scored): Generator<Block> {
  const { labels, scores } = scored
  const order = ascending(scores).filter(row => weightOf(scored, row) > 0)
  for (let at = 0; at < order.length;) {
    const chance = scores[order[at] as number] as number
    let [weight, ones] = [0, 0]
    for (; at < order.length && scores[order[at] as number] === chance; at += 1) {
      const row = order[at] as number
      weight += weightOf(scored, row)
      ones += weightOf(scored, row) * (labels[row] as number)
    }
    yield { from: chance, to: chance, weight, ones }
  }
}
