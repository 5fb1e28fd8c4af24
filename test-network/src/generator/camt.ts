import type { Day } from './calendar.ts'
import { yuan } from './money.ts'
import { element, xmlText, type Element } from './xml.ts'

/** One booked movement on the account of a statement. */
export interface Entry {
  readonly reference: string
  readonly amountFen: bigint
  readonly direction: 'CRDT' | 'DBIT'
  readonly bookedOn: Day
  readonly endToEndId: string
  /** The other side: the creditor of a debit, the debtor of a credit. */
  readonly counterparty: { readonly name: string; readonly uscc: string; readonly account?: string }
  readonly remittance: {
    readonly documents: readonly { readonly number: string; readonly amountFen: bigint }[]
    readonly note?: string
    readonly freeText?: string
  }
}

export interface Statement {
  readonly id: string
  readonly account: string
  readonly owner: { readonly name: string; readonly uscc: string }
  readonly branch: string
  readonly from: Day
  readonly to: Day
  readonly openingFen: bigint
  readonly entries: readonly Entry[]
}

export const closingFen = (statement: Statement): bigint =>
  statement.entries.reduce(
    (balance, entry) =>
      entry.direction === 'CRDT' ? balance + entry.amountFen : balance - entry.amountFen,
    statement.openingFen,
  )

const amount = (fen: bigint): Element => element('Amt Ccy="CNY"', yuan(fen < 0n ? -fen : fen))

const organisation = (uscc: string): Element =>
  element('Id', element('OrgId', element('Othr', element('Id', uscc))))

function balance(code: 'OPBD' | 'CLBD', fen: bigint, on: Day): Element {
  return element(
    'Bal',
    element('Tp', element('CdOrPrtry', element('Cd', code))),
    amount(fen),
    element('CdtDbtInd', fen < 0n ? 'DBIT' : 'CRDT'),
    element('Dt', element('Dt', on)),
  )
}

function remittance(entry: Entry): Element[] {
  const { documents, note, freeText } = entry.remittance
  if (freeText !== undefined) return [element('RmtInf', element('Ustrd', freeText))]
  if (documents.length === 0) return []
  const structured = documents.map((document, index) =>
    element(
      'Strd',
      element(
        'RfrdDocInf',
        element('Tp', element('CdOrPrtry', element('Cd', 'CINV'))),
        element('Nb', document.number),
      ),
      element('RfrdDocAmt', element('RmtdAmt Ccy="CNY"', yuan(document.amountFen))),
      ...(index === 0 && note !== undefined ? [element('AddtlRmtInf', note)] : []),
    ),
  )
  return [element('RmtInf', ...structured)]
}

function counterparty(entry: Entry): Element {
  const { name, uscc, account } = entry.counterparty
  const role = entry.direction === 'DBIT' ? 'Cdtr' : 'Dbtr'
  const accounts =
    account === undefined
      ? []
      : [element(`${role}Acct`, element('Id', element('Othr', element('Id', account))))]
  return element(
    'RltdPties',
    element(role, element('Pty', element('Nm', name), organisation(uscc))),
    ...accounts,
  )
}

const entryElement = (entry: Entry): Element =>
  element(
    'Ntry',
    element('NtryRef', entry.reference),
    amount(entry.amountFen),
    element('CdtDbtInd', entry.direction),
    element('Sts', element('Cd', 'BOOK')),
    element('BookgDt', element('Dt', entry.bookedOn)),
    element('ValDt', element('Dt', entry.bookedOn)),
    element('AcctSvcrRef', entry.reference),
    element(
      'NtryDtls',
      element(
        'TxDtls',
        element('Refs', element('EndToEndId', entry.endToEndId)),
        counterparty(entry),
        ...remittance(entry),
      ),
    ),
  )

const account = (statement: Statement): Element =>
  element(
    'Acct',
    element('Id', element('Othr', element('Id', statement.account))),
    element('Ccy', 'CNY'),
    element('Ownr', element('Nm', statement.owner.name), organisation(statement.owner.uscc)),
    element('Svcr', element('BrnchId', element('Id', statement.branch))),
  )

/** An ISO 20022 account statement whose balances add up. */
export const camt053 = (statement: Statement): string =>
  xmlText(
    element(
      'Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"',
      element(
        'BkToCstmrStmt',
        element(
          'GrpHdr',
          element('MsgId', statement.id),
          element('CreDtTm', `${statement.to}T18:00:00+08:00`),
        ),
        element(
          'Stmt',
          element('Id', statement.id),
          element('CreDtTm', `${statement.to}T18:00:00+08:00`),
          element(
            'FrToDt',
            element('FrDtTm', `${statement.from}T00:00:00+08:00`),
            element('ToDtTm', `${statement.to}T23:59:59+08:00`),
          ),
          account(statement),
          balance('OPBD', statement.openingFen, statement.from),
          balance('CLBD', closingFen(statement), statement.to),
          ...statement.entries.map(entryElement),
        ),
      ),
    ),
  )
