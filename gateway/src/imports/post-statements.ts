import type { Services } from '../services.ts'
import type { EntryDraft } from './drafts.ts'
import type { RowRecord } from './store.ts'

export interface EntryPayload {
  readonly attests: boolean
  readonly payer: string | undefined
  readonly payee: string | undefined
  readonly payerMsp: string | undefined
  readonly payeeMsp: string | undefined
  readonly entry: Omit<EntryDraft, 'amountFen' | 'remittance'> & {
    readonly amountFen: string
    readonly remittance: readonly { invoiceNumber: string; amountFen: string; reason?: string }[]
  }
}

const REMITTANCE_MAX = 300

/**
 * What the payer wrote, as one short text both parties can read back: `E:` end-to-end reference, `I:` invoice
 * number, amount in fen and reason of a short payment, `T:` free text. Items that do not fit are left out; what
 * they would have cleared stays unallocated until a person allocates it.
 */
export function encodeRemittance(entry: EntryPayload['entry']): string {
  const parts = [
    ...(entry.endToEndId ? [`E:${entry.endToEndId}`] : []),
    ...entry.remittance.map(
      item => `I:${item.invoiceNumber}=${item.amountFen}${item.reason ? `/${item.reason}` : ''}`,
    ),
    ...(entry.text ? [`T:${entry.text.replaceAll(';', ',')}`] : []),
  ]
  let text = ''
  for (const part of parts) {
    const longer = text === '' ? part : `${text};${part}`
    if (longer.length <= REMITTANCE_MAX) text = longer
  }
  return text
}

export interface Remittance {
  readonly endToEndId: string | undefined
  readonly items: readonly { number: string; amountFen: bigint; reason: string | undefined }[]
  readonly text: string
}

export function decodeRemittance(text: string): Remittance {
  const parts = text.split(';')
  const body = (prefix: string): string[] =>
    parts.filter(part => part.startsWith(prefix)).map(part => part.slice(prefix.length))
  const items = body('I:').flatMap(item => {
    const match = /^(.+)=(\d{1,18})(?:\/([A-Z_]+))?$/.exec(item)
    return match
      ? [{ number: match[1] ?? '', amountFen: BigInt(match[2] ?? '0'), reason: match[3] }]
      : []
  })
  return { endToEndId: body('E:')[0], items, text: body('T:')[0] ?? '' }
}

export function attestItem(row: RowRecord, by: { bankMsp: string; sourceHash: string }) {
  const { entry, payer, payee, payerMsp, payeeMsp } = row.payload as EntryPayload
  return {
    id: row.object_id as string,
    bankMsp: by.bankMsp,
    payerMsp: payerMsp ?? '',
    ...(payeeMsp === undefined ? {} : { payeeMsp }),
    entry: {
      payer: payer ?? '',
      ...(payee === undefined ? {} : { payee }),
      entryReference: entry.number,
      remittance: encodeRemittance(entry),
      valueOn: entry.bookedOn,
      currency: 'CNY',
      amountFen: entry.amountFen,
      sourceHash: by.sourceHash,
    } as never,
  }
}

/** The bank’s own book of the entries it has been given, attested or not. */
export async function keepEntries(
  services: Services,
  importId: string,
  rows: readonly RowRecord[],
): Promise<void> {
  const payloads = rows.map(row => row.payload as EntryPayload)
  await services.database.execute(
    `INSERT INTO statement_entries (entry_id, statement_id, import_id, number, account, member_id, booked_on,
       direction, amount_fen, counterparty_name, counterparty_account, reference, payer, payee)
     SELECT entry_id, statement_id, $1, number, account, NULL, booked_on, direction, amount_fen,
       counterparty_name, counterparty_account, reference, payer, payee
     FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[], $8::bigint[],
       $9::text[], $10::text[], $11::text[], $12::text[], $13::text[])
       AS e(entry_id, statement_id, number, account, booked_on, direction, amount_fen, counterparty_name,
         counterparty_account, reference, payer, payee)
     ON CONFLICT (entry_id) DO NOTHING`,
    [
      importId,
      rows.map(row => row.object_id),
      payloads.map(p => p.entry.statementId),
      payloads.map(p => p.entry.number),
      payloads.map(p => p.entry.account),
      payloads.map(p => p.entry.bookedOn),
      payloads.map(p => p.entry.direction),
      payloads.map(p => p.entry.amountFen),
      payloads.map(p => p.entry.counterpartyName ?? null),
      payloads.map(p => p.entry.counterpartyAccount ?? null),
      payloads.map(p => p.entry.endToEndId ?? null),
      payloads.map(p => p.payer ?? null),
      payloads.map(p => p.payee ?? null),
    ],
  )
}
