import type { Invoice } from '@triflow/gateway/client'
import { chunks, until } from '../patience.ts'
import { allItemsOk, everything, sumFen, transactionOf, type Stage } from '../stage.ts'
import { importCreditNotes } from './imports.ts'

const invoicesOf = async (stage: Stage, query: Record<string, unknown> = {}): Promise<Invoice[]> =>
  everything(await stage.actors.as('core', 'maker'), 'invoices.list', query)

/**
 * Judges every invoice against orders and receipts, then takes the credit notes in. The gateway judges by itself as
 * documents arrive; a run that finds nothing more to judge says that all of them are.
 */
export async function match(stage: Stage): Promise<void> {
  const operator = await stage.actors.operator('core')
  await until(
    'matching',
    async () => {
      const operation = await operator.perform('matching.run', { body: {} }, PATIENT)
      const judged = operation.items.length
      if (judged > 0) {
        stage.tell({ what: 'Invoices judged', count: judged, ...transactionOf(operation) })
        return undefined
      }
      const open = await invoicesOf(stage, { match: 'NONE' })
      return open.length === 0 ? true : undefined
    },
    PATIENT.timeoutMs,
  )
  await importCreditNotes(stage)
}

const PATIENT = { timeoutMs: 300_000 }

/** The buyer's maker proposes what is eligible, its checker confirms it. */
export async function confirm(stage: Stage): Promise<void> {
  const maker = await stage.actors.as('core', 'maker')
  const checker = await stage.actors.as('core', 'checker')
  const confirmable = (invoice: Invoice): boolean =>
    invoice.match === 'MATCHED' || invoice.match === 'WITHIN_TOLERANCE'
  const submitted = (await invoicesOf(stage, { approval: 'SUBMITTED' })).filter(confirmable)
  for (const part of chunks(submitted, 1_000)) {
    const items = part.map(({ invoiceId }) => ({ invoiceId }))
    const body = { items }
    allItemsOk(await maker.perform('confirmations.propose', { body }), 'confirmations.propose')
  }
  const proposed = await until('proposals to reach the checker', async () => {
    const found = await invoicesOf(stage, { approval: 'PROPOSED' })
    return found.length >= submitted.length ? found : undefined
  })
  for (const part of chunks(proposed, 1_000)) {
    const body = { invoiceIds: part.map(({ invoiceId }) => invoiceId) }
    const operation = await checker.perform('confirmations.approve', { body })
    allItemsOk(operation, 'confirmations.approve')
    stage.tell({
      what: 'Invoices confirmed by maker and checker',
      count: part.length,
      amountFen: sumFen(part.map(one => one.eligibleFen)),
      ...transactionOf(operation),
    })
  }
}

/**
 * The year's bank entries are put on the invoices they pay. The worker may have been faster, and what it left
 * open stays so: a short payment that gives no reason is refused on its own.
 */
export async function allocate(stage: Stage): Promise<void> {
  const operator = await stage.actors.operator('core')
  const operation = await operator.perform('payments.allocate', { body: {} }, PATIENT)
  const done = operation.items.filter(item => item.ok).length
  stage.tell({ what: 'Bank entries put on invoices', count: done, ...transactionOf(operation) })
}
