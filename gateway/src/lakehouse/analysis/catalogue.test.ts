import { expect } from 'chai'
import type { Described } from './described.ts'
import { lakeCatalogue } from './catalogue.ts'
import { lakePolicy, ANALYST_ROLES } from './policy.ts'
import { createLineage } from './lineage.ts'
import { createSandbox } from './sandbox.ts'
import { readMade } from './statements.ts'

/** A part of the lake that somebody else has made: a table that arrives, one that is made of it, a view over that. */
const STATEMENTS = [
  'CREATE TABLE IF NOT EXISTS lake.bronze.meters ("meter" VARCHAR, "body" VARCHAR, "at" TIMESTAMP)',
  'CREATE OR REPLACE TABLE lake.silver.readings AS SELECT meter, CAST(body AS BIGINT) AS kwh FROM lake.bronze.meters',
  'CREATE TABLE lake.silver.filled ("owner" VARCHAR, "kwh" BIGINT)',
  'INSERT INTO lake.silver.filled SELECT meter, length(body) FROM lake.bronze.meters',
  'CREATE OR REPLACE VIEW lake.gold.power AS SELECT r.meter, sum(r.kwh + f.kwh) AS total FROM lake.silver.readings r JOIN lake.silver.filled f ON f.owner = r.meter GROUP BY r.meter',
]
const POWER: Described = {
  name: 'gold.power',
  key: ['meter'],
  rows: { REGULATOR: 'ALL', MEMBER: { member: ['meter'] } },
  columns: {
    meter: { type: 'VARCHAR', is: ['ACCOUNT', 'SUBJECT'] },
    total: { type: 'HUGEINT', is: ['PLAIN'] },
  },
}

describe('lakehouse/analysis: the catalogue', function () {
  this.timeout(60_000)

  it('knows every table that the families make, and opens none that nobody has described', () => {
    const catalogue = lakeCatalogue()
    for (const name of ['bronze.writes', 'bronze.source_records', 'bronze.positions']) {
      expect(catalogue.has(name), name).equal(true)
      expect(catalogue.get(name)?.columns, name).deep.equal({})
    }
    const policy = lakePolicy(catalogue)
    for (const role of ANALYST_ROLES)
      for (const name of Object.keys(policy[role].tables)) {
        expect(name).match(/^(silver|gold)\./)
        expect(Object.keys(catalogue.get(name)?.columns ?? {}), `${role} ${name}`).not.empty
      }
  })

  it('opens a table of another part to the roles that it names, with the columns that it names', () => {
    const catalogue = lakeCatalogue([POWER], readMade(STATEMENTS))
    const policy = lakePolicy(catalogue)
    expect(policy.MEMBER.tables['gold.power']).deep.equal({ member: ['meter'] })
    expect(policy.REGULATOR.tables['gold.power']).equal('ALL')
    expect(policy.CORE.tables).not.have.property('gold.power')
    expect(policy.BANK.tables).not.have.property('gold.power')
    expect(policy.REGULATOR.tables).not.have.property('silver.readings')
    expect(catalogue.get('gold.power')?.columns['meter']).to.deep.include({ isSubject: true })
  })

  it('follows a column of another part through views and tables to where it arrived', async () => {
    const sandbox = createSandbox({
      attach: [],
      views: [],
      folders: [],
      secrets: [],
      memoryMb: 64,
      threads: 1,
      hidesRows: false,
    })
    const catalogue = lakeCatalogue([POWER], readMade(STATEMENTS))
    const lineage = createLineage({
      catalogue,
      parse: async sql => (await sandbox.parse(sql)).tree,
    })
    const { columns, ledger, decidedBy } = await lineage.ofColumn('gold.power', 'total')
    sandbox.close()
    expect(columns).deep.equal(['silver.filled.kwh', 'silver.readings.kwh'])
    expect(ledger).deep.equal([{ bronze: 'bronze.meters.body', field: '', ledgerKey: '' }])
    expect(decidedBy.map(({ name }) => name)).deep.equal([
      'silver.filled.owner',
      'silver.readings.meter',
    ])
  })
})
