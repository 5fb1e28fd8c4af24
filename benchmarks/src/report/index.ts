/**
 * How a benchmark reports: a table for people, `.triflow/bench/<name>.json` for docs/results.md.
 *
 * Invariants: a figure is the median of its runs, with the least and the greatest beside it; a peer
 * that is not installed is named as missing and never replaced by a remembered number.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import { REPOSITORY } from '../ground/checkout.ts'

export interface Figure {
  readonly what: string
  readonly unit: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly runs: number
  /** A comparison, such as "<= 500" or ">= 3x peer". */
  readonly target?: string
  readonly peer?: string
  readonly peerValue?: number
}

export interface FigureOptions {
  readonly target?: string
  readonly peer?: string
  readonly peerRuns?: readonly number[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** `share` from 0 to 1; nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))
  return sorted[rank] ?? Number.NaN
}

const rounded = (value: number): number => Number(value.toPrecision(4))

export function figure(
  what: string,
  unit: string,
  runs: readonly number[],
  { target, peer, peerRuns }: FigureOptions = {},
): Figure {
  return {
    what,
    unit,
    value: rounded(median(runs)),
    min: rounded(Math.min(...runs)),
    max: rounded(Math.max(...runs)),
    runs: runs.length,
    ...(target ? { target } : {}),
    ...(peer ? { peer } : {}),
    ...(peerRuns && peerRuns.length > 0 ? { peerValue: rounded(median(peerRuns)) } : {}),
  }
}

/** `yes` or `no` against the target; empty without one, or where the peer it names was not measured. */
export function isMet({ value, target, peerValue }: Figure): 'yes' | 'no' | '' {
  const [, sign, number, times] = /^(<=|>=) (-?\d+(?:\.\d+)?)(x peer)?$/.exec(target ?? '') ?? []
  if (number === undefined || (times && peerValue === undefined)) return ''
  const bound = Number(number) * (times ? (peerValue ?? 0) : 1)
  return isWithin(value, { sign, bound }) ? 'yes' : 'no'
}

function isWithin(value: number, limit: { sign: string | undefined; bound: number }): boolean {
  if (typeof value !== 'number' || Number.isNaN(value)) return false
  return limit.sign === '<=' ? value <= limit.bound : value >= limit.bound
}

/** A figure that nothing was measured for is NaN, which JSON writes as null. */
export const shown = (value: number): string =>
  typeof value !== 'number' || Number.isNaN(value) ? 'none' : String(value)

function commitOf(folder: string): string {
  try {
    return execFileSync('git', ['-C', folder, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function row(cells: readonly string[], widths: readonly number[]): string {
  return cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  ')
}

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(each => [
    each.what,
    `${shown(each.value)} ${each.unit}`,
    `${shown(each.min)} .. ${shown(each.max)} (${each.runs})`,
    each.target ?? '',
    isMet(each),
    each.peer ? `${each.peer}: ${each.peerValue ?? 'not installed'}` : '',
  ])
  const head = ['what', 'median', 'min .. max (runs)', 'target', 'met', 'peer']
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map(cells => (cells[column] ?? '').length)),
  )
  return [head, ...rows].map(cells => row(cells, widths)).join('\n')
}

/** Prints the table and writes the file; answers the file's path. */
export function publish(name: string, figures: readonly Figure[], root = REPOSITORY): string {
  const folder = path.join(root, '.triflow', 'bench')
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name}.json`)
  const machine = { cpus: cpus().length, memory: totalmem(), node: process.version }
  writeFileSync(
    file,
    `${JSON.stringify({ name, commit: commitOf(root), machine, figures }, null, 2)}\n`,
  )
  process.stdout.write(`\n${table(figures)}\n\nwritten to ${path.relative(root, file)}\n`)
  return file
}
