/**
 * A small lake in memory for the tests: tables of ours and one with people, so that every kind of
 * mask has a column. It needs no PostgreSQL and no files.
 */
import { quoted } from '../names.ts'
import { lakeCatalogue, type Catalogue, type Column, type Relation } from './catalogue.ts'
import type { Kind } from './masks.ts'
import { lakePolicy, type Policy, type Reader } from './policy.ts'
import { createAnalysis, type Analysis, type AnalysisLake } from './query.ts'

export const SECRET = Buffer.alloc(32, 7)

const column = (type: string, kind: Kind, ...marks: ('QUASI' | 'SUBJECT')[]): Column => ({
  type,
  kind,
  isQuasi: marks.includes('QUASI') || marks.includes('SUBJECT'),
  isSubject: marks.includes('SUBJECT'),
})

const PEOPLE: Relation = {
  name: 'silver.people',
  key: ['person'],
  columns: {
    person: column('VARCHAR', 'ID_NUMBER', 'SUBJECT'),
    member: column('VARCHAR', 'NAME', 'QUASI'),
    name: column('VARCHAR', 'NAME', 'QUASI'),
    phone: column('VARCHAR', 'PHONE', 'QUASI'),
    account: column('VARCHAR', 'ACCOUNT', 'QUASI'),
    address: column('VARCHAR', 'ADDRESS', 'QUASI'),
    note: column('VARCHAR', 'TEXT'),
    city: column('VARCHAR', 'PLAIN', 'QUASI'),
    born: column('INTEGER', 'PLAIN', 'QUASI'),
    income_fen: column('BIGINT', 'PLAIN'),
  },
  origins: {},
  rows: { MEMBER: { member: ['member'] }, CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' },
}

/** In memory there is nothing that a SELECT over the lake could be asked of: what stands for one is a table. */
const asTable = ({ asked: _, ...relation }: Relation): Relation => relation

export const testCatalogue = (): Catalogue =>
  new Map([
    ...[...lakeCatalogue()].map(([name, relation]) => [name, asTable(relation)] as const),
    [PEOPLE.name, PEOPLE],
  ])

export function testPolicy(limits: Partial<Policy['CORE']['limits']> = {}): Policy {
  const widened = Object.entries(lakePolicy(testCatalogue())).map(([role, each]) => [
    role,
    { ...each, limits: { ...each.limits, ...limits } },
  ])
  return Object.fromEntries(widened) as Policy
}

export type Row = Readonly<Record<string, string | number | null>>

/** Tables with the rows given; what has no rows is there and empty. */
export function memoryLake(rows: Readonly<Record<string, readonly Row[]>>): AnalysisLake {
  const asked = [...testCatalogue().values()].filter(({ rows: who }) => who !== undefined)
  const tables = asked.map(({ name, columns }) => {
    const types = Object.entries(columns).map(([key, { type }]) => `"${key}" ${type}`)
    return `CREATE TABLE lake.${name} (${types.join(', ')})`
  })
  const inserts = Object.entries(rows).flatMap(([table, each]) =>
    each.map(row => {
      const names = Object.keys(row).map(name => `"${name}"`)
      const values = Object.values(row).map(literal)
      return `INSERT INTO lake.${table} (${names.join(', ')}) VALUES (${values.join(', ')})`
    }),
  )
  return {
    catalogue: 'lake',
    folders: [],
    secrets: [],
    attach: version => [
      `ATTACH ':memory:' AS lake`,
      'CREATE SCHEMA lake.silver',
      'CREATE SCHEMA lake.gold',
      ...tables,
      ...inserts,
      ...(version === undefined
        ? []
        : [`DELETE FROM lake.silver.invoices WHERE block > ${version}`]),
    ],
  }
}

const literal = (value: string | number | null): string =>
  typeof value === 'string' ? quoted(value) : String(value)

export const openTest = (
  rows: Readonly<Record<string, readonly Row[]>>,
  policy: Policy = testPolicy(),
): Analysis =>
  createAnalysis({ lake: memoryLake(rows), catalogue: testCatalogue(), policy, secret: SECRET })

export const SUPPLIER: Reader = { role: 'MEMBER', mspId: 'AllianceMSP', memberId: 'S-ONE' }
export const CORE: Reader = { role: 'CORE', mspId: 'CoreMSP' }
export const BANK: Reader = { role: 'BANK', mspId: 'BankAMSP' }
export const REGULATOR: Reader = { role: 'REGULATOR', mspId: 'RegulatorMSP' }

export const invoice = (id: string, seller: string, totalFen: number, more: Row = {}): Row => ({
  id,
  block: 1,
  tx_index: 0,
  at: '2026-03-01 00:00:00',
  deleted: 'false',
  buyer: 'C-CORE',
  seller,
  number: `INV-${id}`,
  currency: 'CNY',
  issued_on: '2026-03-01',
  total_fen: totalFen,
  ...more,
})

export const person = (at: number, more: Row = {}): Row => ({
  person: `11010119900101${1000 + at}`,
  member: 'S-ONE',
  name: `Zhang Wei ${at}`,
  phone: `138001${10000 + at}`,
  account: `62220200001234${1000 + at}`,
  address: `Chaoyang District Road ${at}`,
  note: `said that ${at}`,
  city: 'Beijing',
  born: 1990,
  income_fen: 1000 + at,
  ...more,
})

/** The code of what a promise is refused with; `undefined` when it is not refused. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? `defect: ${String(error)}`
  }
}
