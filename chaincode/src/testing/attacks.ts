/**
 * Attackers, each playing against any ledger: colluding organisations with a contract of their own, curious
 * banks, borrowed identities, shortcuts. A test says what the attacker tries; it passes if he fails.
 */
import { expect } from 'chai'
import {
  amountFen,
  canonicalJson,
  collectionOf,
  commitmentOf,
  operations,
  recordKey,
  saltOf,
} from '../model/index.ts'
import type { Operation, PrivateKind, ReceivableTerms, RecordId } from '../model/index.ts'
import { refused } from './refused.ts'
import { bid, requestFinancing } from './financing.ts'
import { playToHolders } from './play.ts'
import {
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  FACE,
  REGULATOR,
  USERS,
  activeCertificate,
  confirmation,
  confirmedTrade,
  enterTrade,
  id,
  inDays,
  match,
  must,
  offer,
  proposal,
  proposeConfirmation,
  seed,
  split,
} from './story.ts'
import type { ForgedWrite, Identity, Ledger } from './world.ts'

const BANKS = [BANK_A, BANK_B]
const forgedTerms = (change: Partial<ReceivableTerms> = {}): string =>
  canonicalJson({
    obligor: 'm-core',
    holder: 'm-banka1',
    currency: 'CNY',
    faceFen: 999_999_999n,
    issuedOn: inDays(0),
    dueOn: inDays(60),
    offerUntil: inDays(10),
    uses: [],
    collectedFen: 0n,
    rootFaceFen: 999_999_999n,
    salt: saltOf(seed(), 'forged'),
    ...change,
  })
const forgedState = (record: RecordId, change: object = {}): string =>
  canonicalJson({
    state: 'ACTIVE',
    obligorMsp: CORE,
    holderMsp: BANK_A,
    root: record,
    depth: 0,
    policy: 1,
    ...change,
  })
const privately = (
  mspId: string,
  kind: PrivateKind,
  record: RecordId,
  value: string,
): ForgedWrite => ({
  collection: collectionOf(mspId),
  key: recordKey(kind, record),
  value,
})

/** What an attacker tries, and the play in which he must fail. */
export type Attack = { claim: string; play: (world: Ledger) => Promise<void> }

/** Clients that ask the honest contracts for what they may not have. */
export const ATTACKS: Attack[] = []
const attack = (claim: string, play: Attack['play']): void => {
  ATTACKS.push({ claim, play })
}

/** Two banks run a contract of their own on their peers. */
export const COLLUSIONS: Attack[] = []
const collusion = (claim: string, play: Attack['play']): void => {
  COLLUSIONS.push({ claim, play })
}

collusion('two colluding banks cannot move an existing certificate', async world => {
  const { certificate } = await activeCertificate(world)
  const value = forgedState(certificate)
  const answer = await world.collude(BANKS, [{ key: recordKey('receivable', certificate), value }])
  expect(answer).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
})

collusion(
  'two colluding banks cannot rewrite what an invoice, a member or the policy says',
  async world => {
    const { trade } = await activeCertificate(world)
    for (const key of [
      recordKey('invoice', trade.invoice),
      recordKey('member', 'm-core'),
      'POLICY',
    ]) {
      const answer = await world.collude(BANKS, [{ key, value: '{}' }])
      expect(answer, key).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
    }
  },
)

collusion('two colluding banks cannot write into the obligor’s collection', async world => {
  const record = id('minted')
  const answer = await world.collude(BANKS, [
    { key: recordKey('receivable', record), value: forgedState(record) },
    privately(CORE, 'receivable', record, forgedTerms()),
  ])
  expect(answer).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
})

collusion(
  'a certificate minted by two banks commits as a key and counts for nothing',
  async world => {
    const record = id('minted')
    const terms = forgedTerms()
    const minted = await world.collude(BANKS, [
      { key: recordKey('receivable', record), value: forgedState(record) },
      privately(BANK_A, 'receivable', record, terms),
      privately(BANK_B, 'receivable', record, terms),
    ])
    expect(minted.ok).to.equal(true)
    const children = [id('child'), id('child')]
    const operation = operations.receivables.split({
      obligorMsp: CORE,
      holderMsp: BANK_A,
      id: record,
      seed: seed(),
      terms: terms as never,
      children: children.map(child => ({ id: child, faceFen: amountFen(499_999_999n) })),
    })
    await refused(world.submit(operation, USERS.bankA), 'RECORD_NOT_AUTHENTIC')
  },
)

collusion(
  'an organisation that rewrites its own copy is caught by the other party’s',
  async world => {
    const { certificate } = await activeCertificate(world)
    const honest = world.opening(ALLIANCE, 'receivable', certificate)
    const forged = forgedTerms({ holder: 'm-tier1', faceFen: FACE })
    // the collection is the bank's own to ruin only where the bank is a party: here it is not
    const answer = await world.collude(
      [BANK_A],
      [privately(ALLIANCE, 'receivable', certificate, forged)],
    )
    expect(answer.ok).to.equal(false)
    expect(world.opening(ALLIANCE, 'receivable', certificate)).to.equal(honest)
  },
)

collusion('two colluding banks can neither make nor undo a regulator’s freeze', async world => {
  const { certificate } = await activeCertificate(world)
  const order = { step: 'FROZEN', by: 'f'.repeat(64), reason: 'x', salt: saltOf(seed(), 'forged') }
  const forged = privately(REGULATOR, 'freeze', certificate, canonicalJson(order))
  const answer = await world.collude(BANKS, [forged])
  expect(answer).to.include({ ok: false, code: 'ENDORSEMENT_POLICY_FAILURE' })
  const own = privately(BANK_A, 'freeze', certificate, canonicalJson(order))
  expect((await world.collude(BANKS, [own])).ok).to.equal(true)
  await must(world.submit(split(world, certificate, [FACE - 100n, 100n]).operation, USERS.tier1))
})

attack('a holder that reads of a freeze is not faster than it, and has no veto', async world => {
  const { certificate } = await activeCertificate(world)
  const order = { id: certificate, regulatorMsp: REGULATOR, seed: seed(), reason: 'order 7' }
  const begin = operations.receivables.proposeFreeze(order)
  expect(begin.endorsingOrganizations).to.deep.equal([REGULATOR])
  await must(world.submit(begin, USERS.regulator1))
  const halves = split(world, certificate, [FACE - 100n, 100n]).operation
  await refused(world.submit(halves, USERS.tier1), 'FROZEN')
  const financing = requestFinancing(world, certificate, id('request'))
  await refused(world.submit(financing, USERS.tier1), 'FROZEN')
})

attack('confirmation by anyone but the buyer’s maker and checker is refused', async world => {
  const trade = await enterTrade(world)
  await must(match(world, trade))
  const first = proposeConfirmation(world, trade)
  await refused(world.submit(first, USERS.tier1), 'ORGANISATION_REFUSED')
  await refused(world.submit(first, USERS.coreChecker), 'ROLE_REFUSED')
  await refused(world.submit(first, USERS.coreOperator), 'ROLE_REFUSED')
  await must(world.submit(first, USERS.coreBoth))
  const second = confirmation(world, trade)
  await refused(world.submit(second, USERS.coreBoth), 'MAKER_IS_CHECKER')
  await refused(world.submit(second, USERS.tier1), 'ORGANISATION_REFUSED')
  await must(world.submit(second, USERS.coreChecker))
})

attack(
  'an identity passed as an argument is refused, and one in the certificate must be registered',
  async world => {
    const trade = await confirmedTrade(world)
    const operation = proposal(world, trade, id('certificate'))
    const request = JSON.parse(operation.args[0] as string) as object
    const borrowed: Operation = {
      ...operation,
      args: [canonicalJson({ ...request, memberId: 'm-core', role: 'maker' })],
    }
    await refused(world.submit(borrowed, USERS.tier1), 'REQUEST_MALFORMED')
    const stranger: Identity = { ...USERS.tier1, memberId: 'm-core' }
    await refused(world.submit(operation, stranger), 'CALLER_UNKNOWN')
    const nobody: Identity = { ...USERS.coreMaker, name: 'nobody', memberId: 'm-nobody' }
    await refused(world.submit(operation, nobody), 'CALLER_UNKNOWN')
    await refused(world.submit(operation, { ...USERS.coreMaker, role: 'king' }), 'CALLER_UNKNOWN')
  },
)

attack(
  'the obligor cannot issue over an unconfirmed invoice or beyond it, nor check its own proposal',
  async world => {
    const raw = await enterTrade(world)
    await must(match(world, raw))
    await refused(world.submit(proposal(world, raw, id('c')), USERS.coreMaker), 'NOT_MATCHED')
    const trade = await confirmedTrade(world)
    const beyond = proposal(world, trade, id('c'), { amountFen: amountFen(FACE + 1n) })
    await refused(world.submit(beyond, USERS.coreMaker), 'AMOUNT_EXCEEDS_AVAILABLE')
    const long = proposal(world, trade, id('c'), { dueOn: inDays(370) })
    await refused(world.submit(long, USERS.coreMaker), 'TENOR_EXCEEDED')
    const other = proposal(world, trade, id('c'), { holder: 'm-tier2' })
    await refused(world.submit(other, USERS.coreMaker), 'TERMS_MISMATCH')
    const certificate = id('c')
    await must(world.submit(proposal(world, trade, certificate), USERS.coreBoth))
    await refused(world.submit(offer(world, certificate), USERS.coreBoth), 'MAKER_IS_CHECKER')
    const twice = proposal(world, trade, id('c'))
    await refused(world.submit(twice, USERS.coreMaker), 'AMOUNT_EXCEEDS_AVAILABLE')
  },
)

attack('a wrong sum, a wrong opening and a foreign holder do not split', async world => {
  const { certificate } = await activeCertificate(world)
  const more = split(world, certificate, [FACE, 100n]).operation
  await refused(world.submit(more, USERS.tier1), 'SPLIT_SUM')
  const less = split(world, certificate, [FACE - 200n, 100n]).operation
  await refused(world.submit(less, USERS.tier1), 'SPLIT_SUM')
  const right = split(world, certificate, [FACE - 100n, 100n]).operation
  await refused(world.submit(right, USERS.tier2), 'MEMBER_REFUSED')
  await refused(world.submit(right, USERS.bankA), 'ORGANISATION_REFUSED')
  const forged = operations.receivables.split({
    obligorMsp: CORE,
    holderMsp: ALLIANCE,
    id: certificate,
    seed: seed(),
    terms: forgedTerms({ holder: 'm-tier1' }) as never,
    children: [1, 2].map(() => ({ id: id('child'), faceFen: amountFen(499_999_999n) })),
  })
  await refused(world.submit(forged, USERS.tier1), 'OPENING_WRONG')
})

attack(
  'a split parent is spent: it cannot be split, transferred or financed again',
  async world => {
    const { certificate } = await activeCertificate(world)
    const first = split(world, certificate, [FACE - 100n, 100n])
    await must(world.submit(first.operation, USERS.tier1))
    const again = split(world, certificate, [FACE - 100n, 100n]).operation
    await refused(world.submit(again, USERS.tier1), 'MOVE_REFUSED')
    const financing = requestFinancing(world, certificate, id('request'))
    await refused(world.submit(financing, USERS.tier1), 'MOVE_REFUSED')
    const terms = world.opening(CORE, 'receivable', certificate)
    const transfer = operations.receivables.offerTransfer({
      seed: seed(),
      items: [
        {
          obligorMsp: CORE,
          holderMsp: ALLIANCE,
          toMsp: ALLIANCE,
          id: certificate,
          terms,
          to: 'm-tier2',
          until: inDays(5),
          reason: '',
        },
      ],
    })
    await refused(world.submit(transfer, USERS.tier1), 'MOVE_REFUSED')
  },
)

attack(
  'a bank reads neither another bank’s bid nor a certificate it was not shown, through any peer',
  async world => {
    const { certificate } = await activeCertificate(world)
    const { certificate: other } = await activeCertificate(world)
    const [request, bidId] = [id('request'), id('bid')]
    await must(world.submit(requestFinancing(world, certificate, request), USERS.tier1))
    const place = bid({ world, request, bidId, bankMsp: BANK_A, rate: 36_500n })
    await must(world.submit(place, USERS.bankA))
    const wanted = [
      { kind: 'bid', id: bidId },
      { kind: 'receivable', id: other },
    ] as const
    for (const record of wanted)
      for (const peer of [CORE, ALLIANCE, BANK_A, BANK_B]) {
        const read = operations.records.privateValue({ ...record, ownMsp: peer })
        const answer = await world.evaluate(read, USERS.bankB, peer)
        expect(answer, `${record.kind} at ${peer}`).to.deep.equal({
          ok: false,
          code: peer === BANK_B ? 'RECORD_UNKNOWN' : 'FOREIGN_PEER',
        })
      }
    const own = operations.records.privateValue({ kind: 'bid', id: bidId, ownMsp: BANK_A })
    const answer = await world.evaluate(own, USERS.bankA, BANK_A)
    expect(answer).to.deep.equal({ ok: true, payload: world.opening(BANK_A, 'bid', bidId) })
    const hash = operations.records.commitment({ kind: 'bid', id: bidId, mspId: ALLIANCE })
    const commitment = await world.evaluate(hash, USERS.bankB, BANK_B)
    expect(commitment).to.deep.equal({
      ok: true,
      payload: commitmentOf(world.opening(ALLIANCE, 'bid', bidId)),
    })
  },
)

attack(
  'a bank that was not invited cannot bid, and a bid with another price is refused',
  async world => {
    const { certificate } = await activeCertificate(world)
    const request = id('request')
    await must(world.submit(requestFinancing(world, certificate, request, [BANK_A]), USERS.tier1))
    const uninvited = bid({ world, request, bidId: id('bid'), bankMsp: BANK_B, rate: 1n })
    await refused(world.submit(uninvited, USERS.bankB), 'NOT_INVITED')
    const wrong = bid({
      world,
      request,
      bidId: id('bid'),
      bankMsp: BANK_A,
      rate: 36_500n,
      net: amountFen(11_200_000n),
    })
    await refused(world.submit(wrong, USERS.bankA), 'PRICE_MISMATCH')
    const twice = requestFinancing(world, certificate, id('request'))
    await refused(world.submit(twice, USERS.tier1), 'MOVE_REFUSED')
  },
)

attack('a certificate that a bank holds does not obey its former holder', async world => {
  const { forBank } = await playToHolders(world)
  const { operation } = split(world, forBank, [7_966_567n, 100n], BANK_A)
  await refused(world.submit(operation, USERS.tier1), 'ORGANISATION_REFUSED')
  await must(world.submit(operation, USERS.bankA))
})
