/**
 * Two lakes that differ in nothing that a reader may see must answer every query alike: the same
 * rows, or the same refusal. Random queries look for one that does not.
 */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { invoice, openTest, person, REGULATOR, SUPPLIER, type Row } from './fixture.ts'
import type { Reader } from './policy.ts'
import type { Analysis } from './query.ts'

type Random = (below: number) => number

function seeded(seed: number): Random {
  let at = 0
  return below => createHash('sha256').update(`${seed}/${at++}`).digest().readUInt32BE(0) % below
}

const PLANTED = ['PLANTED', '424242', 'Wang Xiu']

/** @param hidden what the reader may not see; it differs between the two lakes. */
function lakeRows(hidden: 'ONE' | 'OTHER'): Record<string, Row[]> {
  const isOne = hidden === 'ONE'
  const secret = isOne ? 'PLANTED-424242' : 'x'
  return {
    'silver.invoices': [
      invoice('1', 'S-ONE', 100),
      invoice('2', 'S-ONE', 250, { buyer: 'S-ONE', code: '12' }),
      invoice('3', 'S-TWO', isOne ? 424242 : 7, { number: secret, code: secret }),
      ...(isOne ? [invoice('4', 'S-THREE', -424242, { issued_on: '1931-01-01' })] : []),
      invoice('5', 'S-ONE', 300, { number: null, deleted: 'true' }),
    ],
    'silver.orders': [
      { id: 'o1', buyer: 'C-CORE', seller: 'S-ONE', number: 'PO-1', currency: 'CNY' },
      { id: 'o2', buyer: 'C-CORE', seller: 'S-TWO', number: secret, currency: secret },
    ],
    'silver.invoice_states': [
      { id: '1', tax: 'VALID', approval: 'APPROVED', block: 3 },
      { id: '3', tax: secret, approval: secret, block: isOne ? 424242 : 1 },
    ],
    // It bid on the one; of the other bid on that, and of the other request, it sees nothing.
    'silver.requests': [
      { id: 'r1', asker: 'S-TWO', currency: 'CNY', face_fen: 900, block: 2 },
      { id: 'r2', asker: 'S-TWO', currency: secret, face_fen: isOne ? 424242 : 5, block: 2 },
    ],
    'silver.bids': [
      { id: 'b1', request_id: 'r1', funder: 'S-ONE', method: 'DISCOUNT', rate_ppm: 400 },
      {
        id: 'b2',
        request_id: 'r1',
        funder: 'S-THREE',
        method: secret,
        rate_ppm: isOne ? 424242 : 3,
      },
    ],
    'silver.people': [
      person(1, { note: null }),
      person(2, {
        member: 'S-TWO',
        name: isOne ? 'Wang Xiu' : 'N',
        note: secret,
        income_fen: isOne ? 424242 : 2,
      }),
    ],
  }
}

const TABLES = {
  'silver.invoices': {
    texts: ['id', 'buyer', 'seller', 'number', 'code', 'currency'],
    numbers: ['total_fen', 'block', 'tx_index'],
  },
  'silver.orders': { texts: ['id', 'buyer', 'seller', 'number', 'currency'], numbers: ['block'] },
  'silver.invoice_states': { texts: ['id', 'tax', 'approval'], numbers: ['block'] },
  'silver.requests': { texts: ['id', 'asker', 'currency'], numbers: ['face_fen', 'block'] },
  'silver.bids': { texts: ['id', 'request_id', 'funder', 'method'], numbers: ['rate_ppm'] },
  'silver.people': {
    texts: ['person', 'member', 'name', 'account', 'note', 'city'],
    numbers: ['born', 'income_fen'],
  },
} as const

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T

interface Frame {
  readonly alias: string
  readonly table: keyof typeof TABLES
}

function textOf(random: Random, frame: Frame, depth = 0): string {
  const column = `${frame.alias}.${pick(random, TABLES[frame.table].texts)}`
  const inner = () => (depth < 2 ? textOf(random, frame, depth + 1) : column)
  return pick(random, [
    () => column,
    () => `lower(${inner()})`,
    () => `left(${inner()}, ${1 + random(6)})`,
    () => `${inner()} || ${inner()}`,
    () => `coalesce(${inner()}, 'none')`,
    () => `CASE WHEN ${conditionOf(random, frame, depth + 1)} THEN ${inner()} ELSE 'else' END`,
    () => `regexp_replace(${inner()}, '[0-9]', '#')`,
    () => `CAST(${numberOf(random, frame, depth + 1)} AS VARCHAR)`,
  ])()
}

function numberOf(random: Random, frame: Frame, depth = 0): string {
  const column = `${frame.alias}.${pick(random, TABLES[frame.table].numbers)}`
  const inner = () => (depth < 2 ? numberOf(random, frame, depth + 1) : column)
  return pick(random, [
    () => column,
    () => `length(${textOf(random, frame, depth + 1)})`,
    () => `${inner()} + ${inner()}`,
    () => `${inner()} * 3000000000000000`,
    () => `${inner()} // ${inner()}`,
    () => `CAST(${textOf(random, frame, depth + 1)} AS BIGINT)`,
    () => `TRY_CAST(${textOf(random, frame, depth + 1)} AS BIGINT)`,
    () => `abs(${inner()} - 424242)`,
    () => `CAST(${inner()} AS UTINYINT)`,
  ])()
}

function conditionOf(random: Random, frame: Frame, depth = 0): string {
  if (depth > 3) return 'true'
  const text = () => textOf(random, frame, depth + 1)
  return pick(random, [
    () => `${text()} LIKE '${pick(random, ['P%', '%LANT%', 'S-%', '%4%', 'INV%'])}'`,
    () =>
      `'a' LIKE 'b' ESCAPE (CASE WHEN ${conditionOf(random, frame, depth + 1)} THEN 'zz' ELSE 'z' END)`,
    () => `${text()} = '${pick(random, ['PLANTED-424242', 'S-TWO', 'S-ONE', 'x', 'Wang Xiu'])}'`,
    () => `${numberOf(random, frame, depth + 1)} > ${pick(random, [0, 7, 200, 424241])}`,
    () => `${text()} IS NULL`,
    () =>
      `(${conditionOf(random, frame, depth + 1)} OR NOT ${conditionOf(random, frame, depth + 1)})`,
    () => `EXISTS (FROM silver.orders o9 WHERE o9.seller = ${text()})`,
    () => `${text()} IN (SELECT number FROM silver.invoices)`,
    () => `regexp_matches(${text()}, '${pick(random, ['^P', 'TW', '[0-9]{6}'])}')`,
    () => `ln(${numberOf(random, frame, depth + 1)}) > 0`,
  ])()
}

function queryOf(random: Random, tables: readonly (keyof typeof TABLES)[]): string {
  const a: Frame = { alias: 'a', table: pick(random, tables) }
  const b: Frame = { alias: 'b', table: pick(random, tables) }
  const where = random(3) > 0 ? ` WHERE ${conditionOf(random, a)}` : ''
  const from = ` FROM ${a.table} a${where}`
  const kind = pick(random, ['INNER', 'LEFT', 'FULL', 'SEMI', 'ANTI'])
  return pick(random, [
    () => `SELECT ${textOf(random, a)} AS x, ${numberOf(random, a)} AS y${from}`,
    () => `SELECT *${from}`,
    () =>
      `SELECT ${textOf(random, a)} AS x, count(*) AS n, max(${textOf(random, a)}) AS m, sum(${numberOf(random, a)}) AS s${from} GROUP BY 1`,
    () =>
      `SELECT ${textOf(random, a)} AS x FROM ${a.table} a ${kind} JOIN ${b.table} b ON ${textOf(random, a)} = ${
        kind === 'INNER' ? textOf(random, b) : `b.${TABLES[b.table].texts[0]}`
      }${where}`,
    () =>
      `SELECT count(DISTINCT ${textOf(random, a)}), min(${textOf(random, a)}), avg(${numberOf(random, a)})${from}`,
    () =>
      `SELECT ${textOf(random, a)} AS x, rank() OVER (ORDER BY ${textOf(random, a)}) AS r${from}`,
    () =>
      `WITH w AS (SELECT ${textOf(random, a)} AS x${from}) SELECT x, count(*) FROM w GROUP BY x UNION ALL SELECT ${textOf(random, b)}, 1 FROM ${b.table} b`,
    () =>
      `SELECT (SELECT max(${textOf(random, b)}) FROM ${b.table} b WHERE ${conditionOf(random, b)}) AS m, ${textOf(random, a)} AS x${from}`,
    () => `SELECT string_agg(${textOf(random, a)}, ',' ORDER BY ${textOf(random, a)}) AS t${from}`,
  ])()
}

/** Rows in no order, or the code of the refusal: all that a reader gets. */
async function seen(analysis: Analysis, reader: Reader, sql: string): Promise<string> {
  try {
    const { columns, rows } = await analysis.runQuery(reader, { sql })
    return JSON.stringify([columns, rows.map(row => JSON.stringify(row)).sort()])
  } catch (error) {
    return String(error)
  }
}

describe('lakehouse/analysis: secrecy', function () {
  this.timeout(110_000)
  const QUERIES = Number(process.env['QUERIES'] ?? 150)
  const seed = Number(process.env['SEED'] ?? 20261128)

  it(`no random query tells a hidden row or a masked column (SEED=${seed})`, async () => {
    const random = seeded(seed)
    const [one, other] = [openTest(lakeRows('ONE')), openTest(lakeRows('OTHER'))]
    const tables = Object.keys(TABLES) as (keyof typeof TABLES)[]
    let answered = 0
    let failed = 0
    try {
      for (let at = 0; at < QUERIES; at++) {
        const sql = queryOf(random, tables)
        const [left, right] = [await seen(one, SUPPLIER, sql), await seen(other, SUPPLIER, sql)]
        expect(left, `SEED=${seed}: ${sql}`).equal(right)
        if (left.startsWith('[')) answered++
        if (left.includes('QUERY_FAILED')) failed++
        const masked = await seen(one, REGULATOR, sql.replaceAll(/'[^']*'/g, `'z'`))
        for (const word of ['Wang Xiu', 'Zhang Wei', '6222020', '13800', 'S-TWO'])
          expect(masked, `SEED=${seed}: ${sql}`).not.include(word)
        expect(
          PLANTED.some(word => left.includes(word) && !sql.includes(word)),
          sql,
        ).equal(false)
      }
    } finally {
      one.close()
      other.close()
    }
    // A test whose queries are all refused, or never fail on a row, would show nothing.
    expect(answered).above(QUERIES / 4)
    expect(failed).above(QUERIES / 20)
  })
})
