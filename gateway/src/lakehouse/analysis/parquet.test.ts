import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'chai'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { codeOf } from './fixture.ts'
import { parquetOf, type Table } from './parquet.ts'
import { createSandbox } from './sandbox.ts'

describe('lakehouse/analysis: a file of Parquet', function () {
  this.timeout(30_000)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-parquet-claim-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function readBack(table: Table) {
    const file = path.join(folder, 'read.parquet')
    writeFileSync(file, await parquetOf(table))
    const reader = await (
      await DuckDBInstance.create(':memory:')
    )
      .connect()
      .then(one => one.runAndReadAll(`FROM read_parquet('${file}')`))
    const types = reader.columnTypes().map(type => type.toString())
    return { names: reader.columnNames(), types, rows: reader.getRowsJson() }
  }

  it('holds values of their types, in their order, and nothing where there is nothing', async () => {
    const columns = [
      { name: 'at', type: 'DATE' },
      { name: 'n', type: 'BIGINT' },
      { name: 'share', type: 'DOUBLE' },
      { name: 'open', type: 'BOOLEAN' },
      { name: '名', type: 'VARCHAR' },
    ]
    const rows = [
      ['2026-03-02', '9007199254740993', 0.1, true, '乙'],
      [null, null, null, null, null],
      ['2026-03-01', '-5', 1e21, false, ''],
    ]
    const back = await readBack({ columns, rows })
    expect(back.types).deep.equal(columns.map(({ type }) => type))
    expect(back.names).deep.equal(columns.map(({ name }) => name))
    expect(back.rows).deep.equal(rows)
    expect((await readBack({ columns, rows: [] })).types).deep.equal(back.types)
  })

  it('makes no floating number of money: a sum stays whole to the last fen', async () => {
    const columns = [{ name: 's', type: 'HUGEINT' }]
    const sum = '12345678901234567890123456789012345678'
    const back = await readBack({ columns, rows: [[sum], [null]] })
    expect([back.types, back.rows]).deep.equal([['DECIMAL(38,0)'], [[sum], [null]]])
    // One digit more than a decimal holds: then it is a text, and not another number.
    const beyond = `1${sum}`
    const text = await readBack({ columns, rows: [[beyond]] })
    expect([text.types, text.rows]).deep.equal([['VARCHAR'], [[beyond]]])
  })

  it('takes names, types and values that are attacks for what they are', async () => {
    const out = path.join(folder, 'never.csv')
    const attack = `a" FROM packing) TO '${out}'; COPY (SELECT '1' AS "b`
    const back = await readBack({
      columns: [
        { name: attack, type: 'VARCHAR' },
        { name: 'made', type: `STRUCT(a INTEGER)) FROM packing) TO '${out}' --` },
      ],
      rows: [[`'); COPY (SELECT 1) TO '${out}' --`, { a: 1 }]],
    })
    expect(back.names).deep.equal([attack, 'made'])
    expect(back.rows).deep.equal([[`'); COPY (SELECT 1) TO '${out}' --`, '{"a":1}']])
    expect(existsSync(out)).equal(false)
  })

  it('is written where it belongs and nowhere else, whatever asks for it', async () => {
    const spec = { attach: [], views: [], secrets: [], memoryMb: 64, threads: 1, hidesRows: false }
    const own = path.join(folder, 'own')
    mkdirSync(own)
    const sandbox = createSandbox({ ...spec, folders: [own] })
    const file = path.join(folder, 'beside.parquet')
    const table = { select: `c0 AS a`, cells: [['x']], width: 1 }
    expect(await codeOf(sandbox.pack({ ...table, file }))).equal('SANDBOX_BROKEN')
    const reading = { ...table, select: `(SELECT content FROM read_text('/etc/hostname')) AS a` }
    const inside = path.join(own, 'a.parquet')
    expect(await codeOf(sandbox.pack({ ...reading, file: inside }))).equal('SANDBOX_BROKEN')
    expect(await codeOf(sandbox.pack({ ...table, file: inside }))).equal(undefined)
    sandbox.close()
    expect(existsSync(file)).equal(false)
  })
})
