import { yuan } from '../generator/index.ts'
import type { ApiLatency } from './latency.ts'
import type { PilotResult } from './story.ts'

/** Columns a terminal gives a text: Chinese characters take two. */
const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (/[ᄀ-ᅟ⺀-꓏가-힣豈-﫿＀-｠]/.test(letter) ? 2 : 1), 0)

const left = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)))
const right = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - widthOf(text))) + text

const grouped = (fen: string): string => yuan(BigInt(fen)).replace(/\B(?=(\d{3})+(?!\d))/g, ',')

const latencyLines = ({ reads, writes }: ApiLatency): string[] => [
  `  API: ${reads.count} reads, p50 ${reads.p50Ms} ms, p95 ${reads.p95Ms} ms; ` +
    `${writes.count} writes to commit, p50 ${writes.p50Ms} ms, p95 ${writes.p95Ms} ms`,
]

/** The story as a table: what, how many, how much, by which transaction; then the times of the steps. */
export function printStory(result: PilotResult): string {
  const widest = Math.max(20, ...result.story.map(line => widthOf(line.what)))
  const rows = result.story.map(
    line =>
      `  ${left(line.what, widest)} ${right(String(line.count), 7)} ${right(line.amountFen ? grouped(line.amountFen) : '', 18)}  ${line.txId?.slice(0, 16) ?? ''}`,
  )
  const times = result.steps.map(
    step =>
      `  ${step.ok ? '✔' : '✘'} ${left(step.name, 46)} ${right((step.ms / 1_000).toFixed(1), 7)} s`,
  )
  return [
    `  ${left('', widest)} ${right('number', 7)} ${right('yuan', 18)}  transaction`,
    ...rows,
    '',
    ...times,
    ...(result.chain
      ? [
          '',
          `  Ledger (${result.ledger}): height ${result.chain.height}, ${result.chain.transactions} transactions, ${result.chain.invalid} invalid`,
        ]
      : []),
    ...(result.latency ? latencyLines(result.latency) : []),
    ...(result.fault ? ['', `  FAILED ${result.fault}`] : []),
    '',
  ].join('\n')
}
