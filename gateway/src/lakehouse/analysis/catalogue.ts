/**
 * What analysts can ask for: the columns of silver and gold with what they hold. A column that
 * nobody has classified is in no view, and a table that nobody has described is in no catalogue of
 * a reader: a new field of a contract, or a new part of the lake, is closed until somebody says
 * what it is. Lineage knows them all.
 */
import { describedTables } from '../schema.ts'
import { GOLD, SILVER, type SilverTable } from '../ledger/tables.ts'
import type { ColumnClass, Described, Words } from './described.ts'
import type { Kind } from './masks.ts'
import type { RolePolicy, AnalystRole } from './policy.ts'
import { madeTables, type MadeTable, type MadeTables } from './statements.ts'
import { columnWords, tableWords } from './words.ts'

export interface Column {
  /** Type in DuckDB. */
  readonly type: string
  readonly kind: Kind
  /** Known to others about a person or firm, so that several of them together tell who it is. */
  readonly isQuasi: boolean
  /** Whom the row is about; k-anonymity counts these. */
  readonly isSubject: boolean
  readonly words?: Words
}

export interface Relation {
  /** `silver.invoices`. */
  readonly name: string
  readonly words?: Words
  /** Those that analysts may ask for; of a table that is closed none. */
  readonly columns: Readonly<Record<string, Column>>
  /** Which rows a role sees, where the table says so itself. */
  readonly rows?: Readonly<Partial<Record<AnalystRole, RolePolicy['tables'][string]>>>
  /**
   * Columns that tell one row from another; the same in silver and gold, where a row is a version
   * of a record.
   */
  readonly key: readonly string[]
  /** A SELECT over the lake that stands in its place: the lake itself has no such table. */
  readonly asked?: string
  /** Exports refuse it; see `Described`. */
  readonly staysInHouse?: true
  /** The SELECT that makes or fills it. */
  readonly definition?: string
  /** All columns in order, of a table that a SELECT fills by their places. */
  readonly filled?: readonly string[]
  /** Of a table: what each column is made from. */
  readonly origins?: Readonly<Record<string, LedgerOrigin>>
}

/** A field of a value on the ledger, by way of bronze. */
export interface LedgerOrigin {
  /** `bronze.writes.value` and so on. */
  readonly bronze: string
  /** Path in the value; empty where the column is not from the value. */
  readonly field: string
  /**
   * Keys on the ledger: kind of the record, and whether the value is public or in the own
   * collection.
   */
  readonly ledgerKey: string
}

const VERSION = ['id', 'block', 'tx_index'] as const

export type Catalogue = ReadonlyMap<string, Relation>

type Class = ColumnClass

const PARTY: Class = ['NAME', 'QUASI']
const OPEN: Class = ['PLAIN']
const KNOWN: Class = ['PLAIN', 'QUASI']
const DOCUMENT: Class = ['ID_NUMBER', 'QUASI']

const named = (classes: Record<string, Class>): [string, Class][] =>
  Object.entries(classes).flatMap(([names, each]) =>
    names.split(' ').map((name): [string, Class] => [name, each]),
  )

/** By name of the column, which means the same in every table. */
const CLASSES: ReadonlyMap<string, Class> = new Map(
  named({
    'buyer seller payer payee obligor holder asker funder': PARTY,
    'number code entry_reference': DOCUMENT,
    remittance: ['TEXT'],
    'id invoice_id receivable_id request_id bid_id root parent block tx_index': KNOWN,
    'state_block at state_at': KNOWN,
    'msp_id buyer_msp seller_msp bank_msp payer_msp payee_msp': KNOWN,
    'obligor_msp holder_msp asker_msp funder_msp': KNOWN,
    'currency category kind status deleted': KNOWN,
    'ordered_on despatched_on received_on issued_on payable_on value_on due_on': KNOWN,
    'offer_until bids_until paid_on': KNOWN,
    'tax match approval use state depth recourse method': OPEN,
    'net_fen tax_fen total_fen gross_fen eligible_fen confirmed_fen available_fen': OPEN,
    'locked_fen certified_fen factored_fen credited_fen disputed_fen paid_fen': OPEN,
    'amount_fen face_fen collected_fen root_face_fen discount_fen fees_fen': OPEN,
    'rate_ppm days': OPEN,
  }),
)

/** The small firm of a row, which behind a pseudonym is often one person. */
const SUBJECTS: Readonly<Record<string, string>> = {
  members: 'id',
  orders: 'seller',
  despatches: 'seller',
  receipts: 'seller',
  invoices: 'seller',
  balances: 'seller',
  credit_notes: 'seller',
  payments: 'payee',
  receivables: 'holder',
  requests: 'asker',
}

function columnsOf(name: string, types: Readonly<Record<string, string>>): Record<string, Column> {
  const columns: Record<string, Column> = {}
  for (const [column, type] of Object.entries(types)) {
    // The id of a member is the member.
    const found = name === 'members' && column === 'id' ? PARTY : CLASSES.get(column)
    if (!found) continue
    const isSubject = SUBJECTS[name] === column
    columns[column] = {
      type,
      kind: found[0],
      isQuasi: isSubject || found.includes('QUASI'),
      isSubject,
      ...wordsOf(columnWords(column)),
    }
  }
  return columns
}

const wordsOf = (words: Words | undefined): { words?: Words } => (words ? { words } : {})

const ORIGINS: Readonly<Record<string, string>> = {
  id: 'bronze.writes.id',
  block: 'bronze.writes.block',
  tx_index: 'bronze.writes.tx_index',
  at: 'bronze.writes.at',
}

function originOf(table: SilverTable, column: string): LedgerOrigin {
  return {
    bronze: ORIGINS[column] ?? 'bronze.writes.value',
    field: table.fields[column] ?? '',
    ledgerKey: `${table.kind}/${table.side}`,
  }
}

/** Who sees the whole of what the ledger tells; the parts of it are in policy.ts. */
const WHOLE = { CORE: 'ALL', REGULATOR: 'ALL' } as const

function silverRelation(table: SilverTable): Relation {
  const columns = columnsOf(table.name, table.columns)
  const origins = Object.keys(table.columns).map(name => [name, originOf(table, name)] as const)
  return {
    name: `silver.${table.name}`,
    ...wordsOf(tableWords(table.name)),
    key: VERSION,
    rows: WHOLE,
    columns,
    origins: Object.fromEntries(origins),
  }
}

function goldRelation(view: (typeof GOLD)[number], definition: string | undefined): Relation {
  const types: Record<string, string> = {}
  for (const name of [view.terms, view.states]) {
    const table = SILVER.find(each => each.name === name)
    for (const [column, type] of Object.entries(table?.columns ?? {}))
      if (column !== 'deleted') types[column] ??= type
  }
  if (view.states !== undefined)
    Object.assign(types, { state_block: 'BIGINT', state_at: 'TIMESTAMP' })
  const columns = columnsOf(view.name, types)
  if (definition === undefined) throw new Error(`no view gold.${view.name}`)
  const words = wordsOf(tableWords(view.name))
  return { name: `gold.${view.name}`, ...words, key: VERSION, rows: WHOLE, columns, definition }
}

function describedRelation(
  { columns, ...table }: Described,
  made: MadeTable | undefined,
): Relation {
  const classes = Object.entries(columns).map(([name, { type, is, words }]) => {
    const isSubject = is.includes('SUBJECT')
    const isQuasi = isSubject || is.includes('QUASI')
    return [name, { type, kind: is[0], isQuasi, isSubject, ...wordsOf(words ?? columnWords(name)) }]
  })
  const lineage = table.asked === undefined ? lineageOf(made) : { definition: table.asked }
  return { ...table, ...lineage, columns: Object.fromEntries(classes) }
}

/** What arrived is where a lineage ends; what is made of it is followed into its SELECT. */
function lineageOf(
  made: MadeTable | undefined,
): Pick<Relation, 'definition' | 'filled' | 'origins'> {
  if (made === undefined) return {}
  const { name, columns, definition } = made
  if (definition !== undefined)
    return { definition, ...(columns.length > 0 ? { filled: columns } : {}) }
  const ends = columns.map(column => [
    column,
    { bronze: `${name}.${column}`, field: '', ledgerKey: '' },
  ])
  return { origins: Object.fromEntries(ends) }
}

/** @param described what the parts tell, and what the lake is made by: those of this lake, or a claim's. */
export function lakeCatalogue(
  described: readonly Described[] = describedTables(),
  added: MadeTables = new Map(),
): Catalogue {
  const made = new Map([...madeTables(), ...added])
  const closed = [...made.values()].map(table => ({
    name: table.name,
    key: [],
    columns: {},
    ...lineageOf(table),
  }))
  const relations: readonly Relation[] = [
    ...closed,
    ...SILVER.map(silverRelation),
    ...GOLD.map(view => goldRelation(view, made.get(`gold.${view.name}`)?.definition)),
    ...described.map(table => describedRelation(table, made.get(table.name))),
  ]
  return new Map(relations.map(relation => [relation.name, relation]))
}
