/**
 * Weight of evidence: how much more likely a bin makes a one, ln(share of all ones / share of all zeros). The larger,
 * the likelier a one; zero where the bin says nothing.
 */
import { log } from '../exact.ts'

export interface Cell {
  readonly rows: number
  /** Sums of weights. */
  readonly ones: number
  readonly zeros: number
}

export const NO_ROWS: Cell = { rows: 0, ones: 0, zeros: 0 }

export const together = (one: Cell, other: Cell): Cell => ({
  rows: one.rows + other.rows,
  ones: one.ones + other.ones,
  zeros: one.zeros + other.zeros,
})

export interface Evidence {
  woe(cell: Cell): number
  /** What a bin adds to the information value of its column: never below zero. */
  information(cell: Cell): number
}

/** @param smoothing rows of the mix of all rows that are added to each bin. */
export function createEvidence(all: Cell, smoothing: number): Evidence {
  const added = smoothing / (all.ones + all.zeros)
  const woe = ({ ones, zeros }: Cell): number =>
    log((ones / all.ones + added) / (zeros / all.zeros + added))
  return {
    woe,
    information: cell => (cell.ones / all.ones - cell.zeros / all.zeros) * woe(cell),
  }
}
