import { openJournal } from './journal.ts'

export type TaxStatus = 'VALID' | 'RED_LETTERED' | 'VOIDED'

interface Change {
  readonly invoice: string
  readonly status: TaxStatus
}

/** What the tax office knows: every well-formed invoice is valid until a red letter or a voiding says otherwise. */
export interface TaxOffice {
  check(invoice: string): TaxStatus
  mark(invoice: string, status: TaxStatus): void
  readonly count: number
  close(): void
}

export const isTaxStatus = (text: unknown): text is TaxStatus =>
  text === 'VALID' || text === 'RED_LETTERED' || text === 'VOIDED'

export function openTaxOffice(journalFile: string): TaxOffice {
  const journal = openJournal<Change>(journalFile)
  const marked = new Map(journal.entries.map(({ invoice, status }) => [invoice, status]))
  return {
    check: invoice => marked.get(invoice) ?? 'VALID',
    mark(invoice, status) {
      journal.append({ invoice, status })
      marked.set(invoice, status)
    },
    get count() {
      return marked.size
    },
    close: () => journal.close(),
  }
}
