/** What the pictures of the overview show, computed from the report and the certificates. Exact: no float. */
import type { Certificate, Invoice, ReconciliationReport } from '@triflow/gateway/client'
import { standingOf, type Standing } from '../certificates/standing.ts'

export type FlowName = keyof ReconciliationReport['threeFlows'] | 'invoicedGrossFen'

export interface FlowStep {
  readonly name: FlowName
  readonly fen: bigint
  /** What it is compared with: goods and net invoices with the orders, money with the gross invoices. */
  readonly against?: bigint
}

export interface Flow {
  readonly flow: 'information' | 'goods' | 'funds'
  readonly steps: readonly FlowStep[]
}

/** Orders, receipts and invoices are compared without tax, payments with the invoices they pay: with tax. */
export function flowsOf(report: ReconciliationReport): Flow[] {
  const { orderedFen, receivedFen, invoicedFen, paidFen } = report.threeFlows
  const ordered = BigInt(orderedFen)
  const gross = BigInt(report.invoices.amountFen)
  return [
    {
      flow: 'information',
      steps: [
        { name: 'orderedFen', fen: ordered },
        { name: 'invoicedFen', fen: BigInt(invoicedFen), against: ordered },
      ],
    },
    { flow: 'goods', steps: [{ name: 'receivedFen', fen: BigInt(receivedFen), against: ordered }] },
    {
      flow: 'funds',
      steps: [
        { name: 'invoicedGrossFen', fen: gross },
        { name: 'paidFen', fen: BigInt(paidFen), against: gross },
      ],
    },
  ]
}

export interface Outcome {
  readonly match: Invoice['match']
  readonly count: number
  readonly fen: string
}

export function outcomesOf(report: ReconciliationReport): Outcome[] {
  const all: [Invoice['match'], { count: number; amountFen: string }][] = [
    ['MATCHED', report.matched],
    ['WITHIN_TOLERANCE', report.withinTolerance],
    ['OVERRIDDEN', report.overridden],
    ['EXCEPTION', report.exceptions],
    ['REJECTED', report.rejected],
    ['NONE', report.unmatched],
  ]
  return all
    .filter(([, { count }]) => count > 0)
    .map(([match, { count, amountFen }]) => ({ match, count, fen: amountFen }))
}

/** Invoices that three flows agree on, of all. */
export function agreedOf(report: ReconciliationReport): { agreed: number; of: number } {
  const agreed = report.matched.count + report.withinTolerance.count + report.overridden.count
  return { agreed, of: report.invoices.count }
}

export interface Rung {
  /** Calendar month, `YYYY-MM`. */
  readonly month: string
  readonly count: number
  readonly fen: bigint
  readonly parts: Readonly<Record<Standing, bigint>>
}

/**
 * The maturity ladder: face by due month and standing. Split certificates count by their parts; what was
 * collected of a certificate counts as redeemed already.
 */
export function ladderOf(papers: readonly Certificate[]): Rung[] {
  const rungs = new Map<string, Certificate[]>()
  for (const paper of papers) {
    if (!paper.dueOn || !paper.faceFen || !standingOf(paper.state)) continue
    const month = paper.dueOn.slice(0, 7)
    rungs.set(month, [...(rungs.get(month) ?? []), paper])
  }
  return [...rungs]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([month, held]) => rungOf(month, held))
}

function rungOf(month: string, papers: readonly Certificate[]): Rung {
  const parts: Record<Standing, bigint> = { redeemed: 0n, live: 0n, overdue: 0n, offered: 0n }
  for (const paper of papers) {
    const face = BigInt(paper.faceFen ?? '0')
    const collected = BigInt(paper.collectedFen ?? '0')
    const standing = standingOf(paper.state) ?? 'redeemed'
    parts.redeemed += collected
    parts[standing] += face - collected
  }
  const fen = Object.values(parts).reduce((sum, part) => sum + part, 0n)
  return { month, count: papers.length, fen, parts }
}

/** A length between 0 and `full` for drawing; only lengths are ever rounded. */
export function lengthOf(fen: bigint, most: bigint, full: number): number {
  if (most <= 0n) return 0
  return Number((fen * 10_000n) / most) / (10_000 / full)
}
