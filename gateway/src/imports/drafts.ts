/** What readers hand on: documents with parsed values, parties still by credit code. */

export interface DraftLine {
  readonly line: string
  readonly orderNumber: string
  readonly orderLine: string
  readonly quantityMilli: bigint
  readonly unitPriceMicro: bigint
  readonly netFen: bigint
  readonly taxFen: bigint
  readonly taxRatePpm: bigint
}

interface Parties {
  readonly buyerUscc: string
  readonly sellerUscc: string
}

export interface OrderDraft extends Parties {
  readonly kind: 'ORDER'
  readonly number: string
  readonly issuedOn: string
  readonly lines: readonly Pick<
    DraftLine,
    'line' | 'quantityMilli' | 'unitPriceMicro' | 'taxRatePpm'
  >[]
}

export interface GoodsDraft extends Parties {
  readonly kind: 'DESPATCH' | 'RECEIPT'
  readonly number: string
  readonly issuedOn: string
  readonly lines: readonly Pick<DraftLine, 'orderNumber' | 'orderLine' | 'quantityMilli'>[]
}

export interface InvoiceDraft extends Parties {
  readonly kind: 'INVOICE'
  readonly code: string
  readonly number: string
  readonly issuedOn: string
  readonly dueOn: string | undefined
  readonly netFen: bigint
  readonly taxFen: bigint
  readonly totalFen: bigint
  readonly lines: readonly DraftLine[]
}

export interface CreditNoteDraft extends Parties {
  readonly kind: 'CREDIT_NOTE'
  readonly code: string
  readonly number: string
  readonly issuedOn: string
  readonly invoiceCode: string | undefined
  readonly invoiceNumber: string
  readonly totalFen: bigint
  readonly reason: string
}

export interface RemittanceItem {
  readonly invoiceNumber: string
  readonly amountFen: bigint
  readonly reason: string | undefined
}

export interface EntryDraft {
  readonly kind: 'STATEMENT'
  readonly number: string
  readonly statementId: string
  readonly account: string
  readonly ownerUscc: string
  readonly direction: 'CREDIT' | 'DEBIT'
  readonly bookedOn: string
  readonly amountFen: bigint
  readonly counterpartyUscc: string | undefined
  readonly counterpartyName: string | undefined
  readonly counterpartyAccount: string | undefined
  readonly endToEndId: string | undefined
  readonly remittance: readonly RemittanceItem[]
  readonly text: string
}

/** A line of the roster: who stands behind a pseudonym. Goes into the directory, never on the ledger. */
export interface MemberDraft {
  readonly kind: 'MEMBER'
  readonly number: string
  readonly memberId: string
  readonly uscc: string
  readonly name: string
  readonly memberKind: string
  readonly mspId: string
  readonly tier: number | undefined
  readonly account: string | undefined
}

export type Draft =
  OrderDraft | GoodsDraft | InvoiceDraft | CreditNoteDraft | EntryDraft | MemberDraft
export type DraftKind = Draft['kind']

/** One document of a file, or why it cannot be one. */
export interface Reading {
  readonly line: number
  readonly entry?: string
  /** Unknown where a whole file inside an archive could not be read. */
  readonly kind: DraftKind | undefined
  readonly number: string | undefined
  readonly draft?: Draft
  readonly fault?: {
    readonly code: string
    readonly line: number
    readonly field?: string | undefined
  }
}

export interface FileShape {
  /** `ubl-invoice`, `csv-orders`, `camt.053`, `zip`, ... */
  readonly format: string
  readonly encoding: string | undefined
  readonly readings: AsyncIterable<Reading>
}
