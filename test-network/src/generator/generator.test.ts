import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { monthsBetween } from './calendar.ts'
import { checkCharacter, creditCode, spoilCheckCharacter } from './credit-code.ts'
import { encodeGbk } from './gbk.ts'
import { generateYear } from './index.ts'
import { seeded } from './random.ts'
import { recount } from './recount.ts'

function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(folder, name)
    if (statSync(file).isFile()) hash.update(name).update(readFileSync(file))
  }
  return hash.digest('hex')
}

describe('the generator', function () {
  this.timeout(30_000)
  let folder: string
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'triflow-year-'))))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('writes the same bytes for the same seed, and others for another', () => {
    const write = (name: string, seed: string): string => {
      const directory = path.join(folder, name)
      generateYear({ directory, seed, last: '2026-10-31', invoices: 150 })
      return digestOf(directory)
    }
    expect(write('a', 'seed')).to.equal(write('b', 'seed'))
    expect(write('c', 'other')).not.to.equal(write('b', 'seed'))
  })

  it('writes a year of two thousand invoices in three seconds of processor time, and a recount agrees to the fen', () => {
    // Processor time: what else the machine does is not the generator's claim.
    const before = process.cpuUsage()
    const year = generateYear({
      directory: folder,
      seed: 'pilot',
      last: '2026-10-31',
      invoices: 2_100,
    })
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).to.be.below(3_000)
    const counted = recount(folder)
    expect(counted.outcomes).to.deep.equal(year.truth.invoices)
    expect(counted.creditNotes).to.deep.equal(year.truth.creditNotes)
    expect(counted.paid).to.deep.equal(year.truth.payments)
    const { MATCHED, WITHIN_TOLERANCE, EXCEPTION } = counted.outcomes
    expect(MATCHED.count + WITHIN_TOLERANCE.count + EXCEPTION.count).to.be.at.least(2_000)
  })

  it('agrees with the recount for any seed, case by case', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 8 }), seed => {
        const directory = path.join(
          folder,
          createHash('sha256').update(seed).digest('hex').slice(0, 8),
        )
        const year = generateYear({ directory, seed, last: '2026-02-28', invoices: 120 })
        const counted = recount(directory)
        expect(counted.outcomes).to.deep.equal(year.truth.invoices)
        const reasons = new Map<string, number>()
        for (const { reason } of year.truth.rows) {
          if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        }
        const found = Object.entries(counted.reasons).map(([reason, { count }]) => [reason, count])
        expect(new Map(found as [string, number][])).to.deep.equal(reasons)
      }),
      { numRuns: 12 },
    )
  })

  it('encodes GBK so that a decoder gives the text back', () => {
    const text = '华陆精密装备股份有限公司,内六角螺栓 M8×12\r\n'
    expect(new TextDecoder('gbk', { fatal: true }).decode(encodeGbk(text))).to.equal(text)
  })

  it('draws credit codes whose check character holds, and spoils it for certain', () => {
    expect(checkCharacter('91350211M000100Y4')).to.equal('6')
    const random = seeded('codes')
    for (let draw = 0; draw < 200; draw += 1) {
      const code = creditCode(random)
      expect(checkCharacter(code.slice(0, 17))).to.equal(code[17])
      expect(checkCharacter(code.slice(0, 17))).not.to.equal(spoilCheckCharacter(code)[17])
    }
  })

  it('knows the months of a year across its turn', () => {
    expect(monthsBetween('2025-11-01', '2026-02-28')).to.deep.equal([
      '2025-11',
      '2025-12',
      '2026-01',
      '2026-02',
    ])
    expect(monthsBetween('2025-01-31', '2025-02-01')).to.deep.equal(['2025-01', '2025-02'])
  })
})
