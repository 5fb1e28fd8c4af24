/**
 * The pages drawn from the tables are equal to the tables. `UPDATE_DOCS=1` rewrites them.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { CATALOGUE } from './catalogue.ts'
import type { OperationEntry } from './catalogue.ts'
import { contractsPage } from './reference.ts'
import { LIFE_CYCLES, canMove, stateDiagram } from './states.ts'
import type { LifeCycle } from './states.ts'
import { contracts } from '../index.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))
const DIAGRAM = /<!-- diagram: (\w+) -->\n(?:\n```mermaid\n[\s\S]*?\n```\n)?/g

const drawn = (page: string): string =>
  page.replace(DIAGRAM, (_whole, cycle: LifeCycle) =>
    [`<!-- diagram: ${cycle} -->`, '', '```mermaid', stateDiagram(cycle), '```', ''].join('\n'),
  )

const check = (file: string, render: (page: string) => string): void => {
  const path = `${docs}${file}`
  const page = readFileSync(path, 'utf8')
  if (env.UPDATE_DOCS === '1') writeFileSync(path, render(page))
  else expect(page).to.equal(render(page))
}

describe('pages drawn from the tables', () => {
  it('docs/reference/contracts.md lists the catalogue', () =>
    check('reference/contracts.md', contractsPage))
  it('docs/concepts/receivables.md draws every life cycle', () => {
    check('concepts/receivables.md', drawn)
    const page = readFileSync(`${docs}concepts/receivables.md`, 'utf8')
    for (const cycle of Object.keys(LIFE_CYCLES)) expect(page).to.include(`diagram: ${cycle} `)
  })
})

describe('the catalogue', () => {
  it('has exactly the functions that the contracts have', () => {
    const functions = contracts.flatMap(Class => {
      const name = new Class().getName()
      return Object.getOwnPropertyNames(Class.prototype)
        .filter(each => each !== 'constructor')
        .map(each => `${name}:${each}`)
    })
    expect(functions.sort()).to.deep.equal(Object.keys(CATALOGUE).sort())
  })
  it('gives every function a role, an endorser and a refusal', () => {
    for (const [name, entry] of Object.entries<OperationEntry>(CATALOGUE)) {
      expect(entry.roles.length > 0 && entry.endorsers !== '', name).to.equal(true)
      expect(entry.refusals.length > 0, name).to.equal(true)
    }
  })
  it('functions declare exactly their context and one request, as the framework counts parameters', () => {
    for (const Class of contracts)
      for (const name of Object.getOwnPropertyNames(Class.prototype).filter(
        n => n !== 'constructor',
      ))
        expect(
          (Class.prototype as unknown as Record<string, { length: number }>)[name]?.length,
          name,
        ).to.equal(2)
  })
})

describe('life cycles', () => {
  it('lead from every state only to states of the same table', () => {
    for (const [cycle, table] of Object.entries(LIFE_CYCLES))
      for (const moves of Object.values(table))
        for (const to of Object.values(moves as Record<string, string>))
          expect(Object.keys(table), `${cycle} ${to}`).to.include(to)
  })
  it('have no move out of a terminal state, and none by an inherited name', () => {
    for (const state of ['REDEEMED', 'CANCELLED', 'WRITTEN_OFF', 'CONSUMED'] as const)
      expect(Object.keys(LIFE_CYCLES.receivable[state])).to.deep.equal([])
    expect(canMove('receivable', 'ACTIVE', 'toString' as never)).to.equal(false)
    expect(canMove('receivable', 'nowhere' as never, 'split')).to.equal(false)
  })
})
