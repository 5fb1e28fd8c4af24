import type { MspId } from '@triflow/chaincode/model'
import {
  findRecords,
  keep,
  RECORD_COLUMNS,
  type Kept,
  type RecordRow,
} from '../projection/records.ts'
import type { Services } from '../services.ts'
import type { RowRecord } from './store.ts'

interface CreditPayload {
  readonly buyerMsp: MspId
  readonly sellerMsp: MspId
  readonly invoiceCode: string | undefined
  readonly invoiceNumber: string
  readonly document: { readonly seller: string; readonly issuedOn: string }
}

type InvoiceRecord = Kept<unknown, { code: string; issuedOn: string }>

export interface CreditItems {
  /** Items by row number. Of several credit notes on one invoice only the first goes now. */
  readonly ready: ReadonlyMap<number, never>
  readonly unfit: readonly { row: number; code: string }[]
}

/** Credit notes with the openings of the invoices they reduce, fresh at each call. */
export async function creditNoteItems(
  services: Services,
  rows: readonly RowRecord[],
  sourceHash: string,
): Promise<CreditItems> {
  const ready = new Map<number, unknown>()
  const unfit: { row: number; code: string }[] = []
  const touched = new Set<string>()
  for (const row of rows) {
    const payload = row.payload as CreditPayload
    const invoice = await findInvoice(services, payload)
    const code = invoice ? datesCode(payload, invoice) : 'INVOICE_UNKNOWN'
    if (!invoice || code) {
      unfit.push({ row: row.row, code: code ?? 'INVOICE_UNKNOWN' })
      continue
    }
    if (touched.has(invoice.id)) continue
    touched.add(invoice.id)
    const balance = (await findRecords(services.database, 'balance', [invoice.id])).get(invoice.id)
    ready.set(row.row, {
      id: row.object_id,
      buyerMsp: payload.buyerMsp,
      sellerMsp: payload.sellerMsp,
      document: { ...payload.document, invoiceId: invoice.id, sourceHash },
      invoice: invoice.opening,
      ...(balance ? { balance: balance.opening } : {}),
    })
  }
  return { ready: ready as unknown as ReadonlyMap<number, never>, unfit }
}

function datesCode(payload: CreditPayload, invoice: InvoiceRecord): string | undefined {
  return payload.document.issuedOn < invoice.secret.issuedOn ? 'DATES_OUT_OF_ORDER' : undefined
}

async function findInvoice(
  services: Services,
  payload: CreditPayload,
): Promise<InvoiceRecord | undefined> {
  const rows = await services.database.query<RecordRow>(
    `SELECT ${RECORD_COLUMNS} FROM records
     WHERE kind = 'invoice' AND number = $1 AND seller = $2`,
    [payload.invoiceNumber, payload.document.seller],
  )
  const found = rows.map(row => keep<unknown, { code: string; issuedOn: string }>(row))
  const exact = found.filter(
    invoice => payload.invoiceCode === undefined || invoice.secret.code === payload.invoiceCode,
  )
  return exact[0]
}
