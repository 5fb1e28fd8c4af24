import type { Client, ReconciliationReport } from '../client/index.ts'
import { table } from './table.ts'

function yuan(fen: string): string {
  const negative = fen.startsWith('-')
  const digits = fen.replace('-', '').padStart(3, '0')
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return `${negative ? '-' : ''}${whole}.${digits.slice(-2)}`
}

/** The three flows in numbers and money, as the gateway’s read model has them. */
export async function printReport(client: Client, say: (line: string) => void): Promise<void> {
  const report = await client.call('reports.reconciliation', {})
  say(`As of block ${report.asOf.blockNumber}, ${report.asOf.at}`)
  say('')
  for (const line of table(['what', 'number', 'yuan'], rowsOf(report))) say(line)
}

function rowsOf(report: ReconciliationReport): string[][] {
  const row = (what: string, figure: { count: number; amountFen: string }): string[] => [
    what,
    String(figure.count),
    yuan(figure.amountFen),
  ]
  const { certificates, threeFlows } = report
  return [
    row('invoices', report.invoices),
    row('  matched', report.matched),
    row('  within tolerance', report.withinTolerance),
    row('  exceptions', report.exceptions),
    ...Object.entries(report.exceptionsByCode).map(([code, figure]) => row(`    ${code}`, figure)),
    row('  overridden', report.overridden),
    row('  not judged yet', report.unmatched),
    row('confirmed', report.confirmed),
    row('credited', report.credited),
    row('paid directly', report.paidDirectly),
    row('certificates issued', certificates.issued),
    row('  live', certificates.live),
    row('  split', certificates.split),
    row('  financed', certificates.financed),
    row('  redeemed', certificates.redeemed),
    ['goods flow: ordered', '', yuan(threeFlows.orderedFen)],
    ['goods flow: received', '', yuan(threeFlows.receivedFen)],
    ['information flow: invoiced, net', '', yuan(threeFlows.invoicedFen)],
    ['funds flow: paid', '', yuan(threeFlows.paidFen)],
  ]
}
