import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { ReconciliationReport } from '@triflow/gateway/client'
import { recount } from '../../generator/recount.ts'
import { until } from '../patience.ts'
import { everything, type Stage } from '../stage.ts'

export interface Totals {
  readonly invoices: number
  readonly matched: number
  readonly withinTolerance: number
  readonly exceptions: number
  readonly confirmed: number
  readonly certificates: number
  readonly split: number
  readonly financed: number
  readonly redeemed: number
  readonly faceFen: string
  readonly paidFen: string
}

export interface Chain {
  readonly height: string
  readonly transactions: number
  readonly invalid: number
}

/** The three flows as the core's gateway reports them must be what the files say. */
export async function reconcile(stage: Stage): Promise<ReconciliationReport> {
  const auditor = await stage.actors.as('core', 'maker')
  const counted = recount(stage.world.year).outcomes
  const expected = {
    matched: { count: counted.MATCHED.count, amountFen: String(counted.MATCHED.fen) },
    withinTolerance: {
      count: counted.WITHIN_TOLERANCE.count,
      amountFen: String(counted.WITHIN_TOLERANCE.fen),
    },
    exceptions: { count: counted.EXCEPTION.count, amountFen: String(counted.EXCEPTION.fen) },
  }
  const report = await until('the report to be complete', async () => {
    const found = await auditor.call('reports.reconciliation', {})
    return found.unmatched.count === 0 ? found : undefined
  })
  for (const [name, figure] of Object.entries(expected)) {
    const reported = report[name as keyof typeof expected]
    if (reported.count === figure.count && reported.amountFen === figure.amountFen) {
      stage.tell({ what: `Report equals recount: ${name}`, ...figure })
      continue
    }
    const told = `${reported.count} (${reported.amountFen} fen)`
    throw new Error(
      `${name}: reported ${told}, recounted ${figure.count} (${figure.amountFen} fen)`,
    )
  }
  return report
}

/** One document is fetched back from the vault and compared with the file that was handed in. */
export async function verifyEvidence(stage: Stage): Promise<void> {
  const operator = await stage.actors.operator('core')
  const folder = path.join(stage.world.year, 'core/orders')
  const documents = await everything(operator, 'documents.list')
  const document = documents.find(one => one.fileName.startsWith('orders-'))
  if (!document) throw new Error('the vault lists no order file')
  const content = readFileSync(path.join(folder, document.fileName))
  const handedIn = createHash('sha256').update(content).digest('hex')
  const params = { documentId: document.documentId }
  const fetched = String(await operator.call('documents.content', { params }))
  const sameHash = document.sha256 === handedIn
  if (!sameHash || fetched.length === 0)
    throw new Error(`${document.fileName} differs in the vault`)
  stage.tell({ what: `Evidence verified: ${document.fileName}, CID ${document.cid}`, count: 1 })
}

export async function totalsOf(
  stage: Stage,
  report: ReconciliationReport,
): Promise<{ totals: Totals; chain: Chain }> {
  const auditor = await stage.actors.as('core', 'maker')
  const { height, transactions, invalid } = await auditor.call('reports.chain', {})
  const { certificates } = report
  return {
    chain: { height, transactions, invalid },
    totals: {
      invoices: report.invoices.count,
      matched: report.matched.count,
      withinTolerance: report.withinTolerance.count,
      exceptions: report.exceptions.count,
      confirmed: report.confirmed.count,
      certificates: certificates.issued.count,
      split: certificates.split.count,
      financed: certificates.financed.count,
      redeemed: certificates.redeemed.count,
      faceFen: certificates.issued.amountFen,
      paidFen: certificates.redeemed.amountFen,
    },
  }
}
