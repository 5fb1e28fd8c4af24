import type { RecordKind } from '@triflow/chaincode/model'
import { columnsOf, LAKE } from '../names.ts'
import { inLayer, type Family } from '../family.ts'
import type { Retained } from '../privacy/declared.ts'
import { goldSchema, SETTLED, SETTLES } from './gold.ts'
import type { RetentionClass } from '../sources/source.ts'
import { describedMart, MARTS } from './marts.ts'
import { silverRows } from './silver.ts'
import { BRONZE, GOLD, REBUILDS, SILVER } from './tables.ts'

const follows = (table: string): Retained => ({ table, keeps: 'FOLLOWS', of: 'bronze.writes' })

/** What has to do with money, and the vouchers behind it; agreements; what people said in their own words. */
const CLASS_OF_KIND: Readonly<Partial<Record<RecordKind, RetentionClass>>> = {
  invoice: 'ACCOUNTING',
  creditNote: 'ACCOUNTING',
  receipt: 'ACCOUNTING',
  payment: 'ACCOUNTING',
  usage: 'ACCOUNTING',
  balance: 'ACCOUNTING',
  receivable: 'ACCOUNTING',
  settlement: 'ACCOUNTING',
  order: 'TRANSACTION',
  progress: 'TRANSACTION',
  despatch: 'TRANSACTION',
  rules: 'TRANSACTION',
  transfer: 'TRANSACTION',
  request: 'TRANSACTION',
  bid: 'TRANSACTION',
  notice: 'TRANSACTION',
  freeze: 'TRANSACTION',
  remark: 'OPERATIONAL',
}

/** Blocks with the organisation's own private values, and what follows from them. */
export const ledgerFamily: Family = {
  kept: inLayer('bronze', [...Object.values(BRONZE), SETTLED, REBUILDS]),
  derived: () => [
    ...[...GOLD, ...MARTS].map(view => `DROP VIEW IF EXISTS ${LAKE}.gold.${view.name}`),
    ...SILVER.flatMap(table => [
      `DROP TABLE IF EXISTS ${LAKE}.silver.${table.name}`,
      `CREATE TABLE ${LAKE}.silver.${table.name} (${columnsOf(table)})`,
      `INSERT INTO ${LAKE}.silver.${table.name} ${silverRows(table, `${LAKE}.bronze.writes`)}`,
    ]),
    ...goldSchema(),
  ],
  staged: Object.values(BRONZE),
  described: MARTS.map(describedMart),
  retention: [
    { table: 'bronze.blocks', keeps: 'LEDGER_PROOF', why: 'the chain of hashes' },
    { table: 'bronze.transactions', keeps: 'LEDGER_PROOF', why: 'names and fates, public' },
    {
      table: 'bronze.settled',
      keeps: 'NO_PERSONAL_DATA',
      why: 'up to which block gold is settled',
    },
    {
      table: 'bronze.writes',
      keeps: 'TIME',
      class: { column: 'kind', of: CLASS_OF_KIND, otherwise: 'TRANSACTION' },
      clock: 'at',
      only: { column: 'side', value: 'PRIVATE' },
    },
    ...SILVER.map(({ name }) => follows(`silver.${name}`)),
    ...SETTLES.map(({ name }) => follows(`settled.${name}`)),
    ...MARTS.map(({ name }) => follows(`settled.${name}`)),
    {
      table: `bronze.${REBUILDS.name}`,
      keeps: 'NO_PERSONAL_DATA',
      why: 'from which block on the ledger was brought again',
    },
  ],
  personal: [
    {
      table: 'bronze.writes',
      finds: {
        MEMBER: [{ by: 'TEXT', column: 'value' }],
        PERSON: [{ by: 'TEXT', column: 'value' }],
      },
      erase: 'REDACT',
    },
  ],
}
