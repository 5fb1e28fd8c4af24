/** What must hold of all certificates of a ledger after any operation, and between two moments of it. */
import { expect } from 'chai'
import { parseKey, readOpening } from '../model/index.ts'
import type { ReceivableRecord, ReceivableTerms, RecordId } from '../model/index.ts'
import { CORE } from './people.ts'
import type { Trade } from './trade.ts'
import type { World } from './world.ts'

export type Certificate = { record: ReceivableRecord; terms: ReceivableTerms }
export type Snapshot = Map<RecordId, Certificate>

export const certificatesOf = (world: World): Snapshot => {
  const found: Snapshot = new Map()
  for (const key of world.publicState.keys()) {
    const parsed = parseKey(key)
    if (parsed?.kind !== 'receivable') continue
    const terms = readOpening('receivable', world.opening(CORE, 'receivable', parsed.id))
    found.set(parsed.id, { record: world.state('receivable', parsed.id), terms })
  }
  return found
}

const ENDED = ['CANCELLED', 'WRITTEN_OFF']
const sum = (values: readonly bigint[]): bigint => values.reduce((all, value) => all + value, 0n)

const checkFaces = (all: Snapshot): void => {
  for (const [root, { record, terms }] of all) {
    if (record.root !== root) continue
    const family = [...all.values()].filter(each => each.record.root === root)
    const leaves = family.filter(each => each.record.state !== 'CONSUMED')
    expect(sum(leaves.map(each => each.terms.faceFen)), 'faces of a root').to.equal(terms.faceFen)
  }
}
const checkChildren = (all: Snapshot): void => {
  for (const [parent, { record, terms }] of all) {
    const children = [...all.values()].filter(each => each.record.parent === parent)
    expect(children.length > 0).to.equal(record.state === 'CONSUMED')
    if (children.length === 0) continue
    expect(sum(children.map(each => each.terms.faceFen))).to.equal(terms.faceFen)
    for (const child of children) {
      expect(child.terms.faceFen > 0n).to.equal(true)
      for (const what of ['obligor', 'currency', 'dueOn', 'rootFaceFen'] as const)
        expect(child.terms[what]).to.equal(terms[what])
      expect(child.record.root).to.equal(record.root)
    }
  }
}
const checkCollected = (world: World, all: Snapshot): void => {
  for (const [root, { record }] of all) {
    if (record.root !== root) continue
    const collected = sum(
      [...all.values()]
        .filter(each => each.record.root === root)
        .map(each => each.terms.collectedFen),
    )
    const paid = world.holds(CORE, 'settlement', root)
      ? world.value(CORE, 'settlement', root).paidFen
      : 0n
    expect(collected <= paid, 'collected without being paid').to.equal(true)
  }
  for (const { record, terms } of all.values())
    expect(record.state === 'REDEEMED').to.equal(terms.collectedFen === terms.faceFen)
}
/** Certificates over an invoice never exceed what was confirmed of it. */
const checkUses = (world: World, trades: readonly Trade[], all: Snapshot): void => {
  for (const { invoice } of trades) {
    const { confirmedFen, certifiedFen, lockedFen } = world.value(CORE, 'balance', invoice)
    const used = sum(
      [...all.values()]
        .filter(each => !ENDED.includes(each.record.state))
        .flatMap(each => each.terms.uses.filter(use => use.invoiceId === invoice))
        .map(use => use.amountFen),
    )
    expect(used).to.equal(certifiedFen + lockedFen)
    expect(used <= confirmedFen).to.equal(true)
  }
}
const checkCopies = (world: World, all: Snapshot): void => {
  for (const [record, { record: state }] of all)
    expect(world.opening(state.holderMsp, 'receivable', record)).to.equal(
      world.opening(CORE, 'receivable', record),
    )
}
/** One live financing per certificate, and a lock names it. */
const checkRequests = (world: World): void => {
  const live = [...world.publicState.keys()]
    .map(parseKey)
    .filter(parsed => parsed?.kind === 'request')
    .map(parsed => ({ id: parsed?.id as string, ...world.state('request', parsed?.id as string) }))
    .filter(request => ['OPEN', 'ACCEPTED', 'PAID'].includes(request.state))
  const locked = live.filter(request => {
    const { lock } = world.state('receivable', request.receivableId)
    return lock?.requestId === request.id
  })
  expect(new Set(locked.map(request => request.receivableId)).size).to.equal(locked.length)
}
/** Nothing moves that is frozen, and a terminal state is terminal. */
export const checkMoves = (
  before: Snapshot,
  after: Snapshot,
  frozen: ReadonlySet<RecordId>,
): void => {
  for (const [record, was] of before) {
    const now = after.get(record) as Certificate
    if (['REDEEMED', 'CANCELLED', 'CONSUMED'].includes(was.record.state))
      expect(now.record.state).to.equal(was.record.state)
    for (const what of ['obligor', 'currency', 'dueOn', 'faceFen', 'issuedOn'] as const)
      expect(now.terms[what]).to.equal(was.terms[what])
    if (frozen.has(record) || frozen.has(was.record.root))
      if (now.record.state !== 'DUE' && now.record.state !== 'OVERDUE')
        expect([now.terms.holder, now.terms.collectedFen]).to.deep.equal([
          was.terms.holder,
          was.terms.collectedFen,
        ])
  }
}

/** Every invariant of one moment. */
export const checkAll = (world: World, trades: readonly Trade[]): Snapshot => {
  const all = certificatesOf(world)
  checkFaces(all)
  checkChildren(all)
  checkCollected(world, all)
  checkUses(world, trades, all)
  checkCopies(world, all)
  checkRequests(world)
  return all
}
