import { FileFault, RowFault } from '../advice.ts'
import type { EntryDraft, Reading, RemittanceItem } from '../drafts.ts'
import {
  optionalText,
  parseBalanceFen,
  parseCreditCode,
  parseDay,
  parseFen,
  parseText,
} from '../values.ts'
import type { Encoding } from './encoding.ts'
import { find, findAll, readXml, textAt, type Node } from './xml.ts'

export const CAMT_NAMESPACE = /^urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d{2}$/

const STATEMENT = 'Document/BkToCstmrStmt/Stmt'
const PIECES = new Set([
  `${STATEMENT}/Id`,
  `${STATEMENT}/Acct`,
  `${STATEMENT}/Bal`,
  `${STATEMENT}/Ntry`,
  STATEMENT,
])

/** What has been read of the statement the stream is in. */
interface Open {
  id: string
  account: string
  ownerUscc: string
  opening: bigint | undefined
  closing: bigint | undefined
  sum: bigint
}

const fresh = (): Open => ({
  id: '',
  account: '',
  ownerUscc: '',
  opening: undefined,
  closing: undefined,
  sum: 0n,
})

/**
 * Entries of camt.053 statements, one by one. At the end of each statement the balances must add up to the
 * cent; where they do not, the whole file is refused, for an entry may be missing anywhere.
 */
export async function* readCamt(file: string, encoding: Encoding): AsyncGenerator<Reading> {
  let open = fresh()
  for await (const { path, node } of readXml(file, encoding, { pieces: PIECES })) {
    switch (path) {
      case `${STATEMENT}/Id`:
        open.id = node.text.trim()
        break
      case `${STATEMENT}/Acct`:
        readAccount(node, open)
        break
      case `${STATEMENT}/Bal`:
        readBalance(node, open)
        break
      case `${STATEMENT}/Ntry`:
        yield readEntry(node, open)
        break
      default:
        requireBalance(node, open)
        open = fresh()
    }
  }
}

function readAccount(node: Node, open: Open): void {
  open.account = textAt(node, 'Id/Othr/Id') || textAt(node, 'Id/IBAN')
  open.ownerUscc = textAt(node, 'Ownr/Id/OrgId/Othr/Id')
}

function readBalance(node: Node, open: Open): void {
  const code = textAt(node, 'Tp/CdOrPrtry/Cd')
  if (code !== 'OPBD' && code !== 'CLBD') return
  const amount = wholeFile(node, () => parseBalanceFen(textAt(node, 'Amt'), 'Bal/Amt'))
  const signed = textAt(node, 'CdtDbtInd') === 'DBIT' ? -amount : amount
  if (code === 'OPBD') open.opening = signed
  else open.closing = signed
}

function wholeFile<T>(node: Node, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof RowFault)
      throw new FileFault(error.code, { line: node.line, field: error.field })
    throw error
  }
}

function requireBalance(node: Node, open: Open): void {
  if (open.opening === undefined || open.closing === undefined)
    throw new FileFault('STATEMENT_BALANCE_MISSING', { line: node.line })
  if (open.opening + open.sum !== open.closing)
    throw new FileFault('STATEMENT_UNBALANCED', { line: node.line, field: 'Bal' })
}

function readEntry(node: Node, open: Open): Reading {
  const number = textAt(node, 'AcctSvcrRef') || textAt(node, 'NtryRef') || undefined
  const reading = { line: node.line, kind: 'STATEMENT' as const, number }
  try {
    const booked = textAt(node, 'Sts/Cd') || textAt(node, 'Sts')
    const amountFen = parseFen(textAt(node, 'Amt'), 'Amt')
    const direction = textAt(node, 'CdtDbtInd') === 'DBIT' ? 'DEBIT' : 'CREDIT'
    if (booked !== 'BOOK') throw new RowFault('ENTRY_NOT_BOOKED', { field: 'Sts/Cd' })
    open.sum += direction === 'DEBIT' ? -amountFen : amountFen
    return { ...reading, draft: entryDraft(node, open, { amountFen, direction }) }
  } catch (error) {
    if (!(error instanceof RowFault)) throw error
    // The amount of an entry that cannot be read cannot be summed: the balances decide about the file.
    const fault = { code: error.code, line: error.line ?? node.line, field: error.field }
    return { ...reading, fault }
  }
}

function entryDraft(
  node: Node,
  open: Open,
  value: { amountFen: bigint; direction: 'CREDIT' | 'DEBIT' },
): EntryDraft {
  const details = find(node, 'NtryDtls/TxDtls')
  return {
    kind: 'STATEMENT',
    number: parseText(textAt(node, 'AcctSvcrRef') || textAt(node, 'NtryRef'), 'NtryRef', 64),
    statementId: parseText(open.id, 'Stmt/Id', 64),
    account: parseText(open.account, 'Acct/Id', 34),
    ownerUscc: parseCreditCode(open.ownerUscc, 'Acct/Ownr/Id'),
    ...value,
    bookedOn: parseDay(textAt(node, 'BookgDt/Dt'), 'BookgDt/Dt'),
    ...(details ? detailsOf(details, value.direction) : NO_DETAILS),
  }
}

type Details = Pick<
  EntryDraft,
  | 'counterpartyUscc'
  | 'counterpartyName'
  | 'counterpartyAccount'
  | 'endToEndId'
  | 'remittance'
  | 'text'
>

const NO_DETAILS: Details = {
  counterpartyUscc: undefined,
  counterpartyName: undefined,
  counterpartyAccount: undefined,
  endToEndId: undefined,
  remittance: [],
  text: '',
}

function detailsOf(details: Node, direction: 'CREDIT' | 'DEBIT'): Details {
  const role = direction === 'DEBIT' ? 'Cdtr' : 'Dbtr'
  const parties = `RltdPties/${role}`
  const party = find(details, `${parties}/Pty`) ?? find(details, parties)
  const code = party ? textAt(party, 'Id/OrgId/Othr/Id') : ''
  const endToEnd = textAt(details, 'Refs/EndToEndId')
  const account = optionalText(textAt(details, `${parties}Acct/Id/Othr/Id`), 'Acct', 34)
  return {
    counterpartyUscc: code === '' ? undefined : parseCreditCode(code, `${role}/Id/OrgId`),
    counterpartyName: party ? optionalText(textAt(party, 'Nm'), 'Nm', 120) : undefined,
    counterpartyAccount: account || undefined,
    endToEndId: ABSENT_REFERENCES.has(endToEnd) ? undefined : endToEnd.slice(0, 64),
    remittance: remittanceOf(details),
    text: optionalText(textAt(details, 'RmtInf/Ustrd'), 'Ustrd', 300),
  }
}

const ABSENT_REFERENCES: ReadonlySet<string> = new Set(['', 'NOTPROVIDED'])

function remittanceOf(details: Node): RemittanceItem[] {
  const information = find(details, 'RmtInf')
  if (!information) return []
  return findAll(information, 'Strd')
    .filter(item => textAt(item, 'RfrdDocInf/Nb') !== '')
    .map(item => {
      const amount = textAt(item, 'RfrdDocAmt/RmtdAmt')
      return {
        invoiceNumber: optionalText(textAt(item, 'RfrdDocInf/Nb'), 'RfrdDocInf/Nb', 64),
        amountFen: amount === '' ? 0n : parseFen(amount, 'RfrdDocAmt/RmtdAmt'),
        reason: textAt(item, 'AddtlRmtInf') || undefined,
      }
    })
}
