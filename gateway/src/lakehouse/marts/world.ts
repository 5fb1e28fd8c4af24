/** A small world whose figures can be counted by hand: the claims of the marts are about it. */
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import { block } from '../../testing/ledger.ts'
import type { TestDatabase } from '../../testing/postgres.ts'
import { NO_ROWS, type Engine } from '../engine.ts'
import { takeEvents } from '../events/follow.ts'
import { attend } from '../events/outbox.ts'
import { createIngest } from '../ledger/ingest.ts'

const MSP = 'AllianceMSP'

interface Happening {
  /** UTC. */
  readonly at: string
  readonly key: string
  readonly open?: object
  readonly secret?: object
}

const request = (id: string, at: string, state: string, bidId?: string): Happening => ({
  at,
  key: `F:${id}`,
  open: {
    state,
    receivableId: 'r1',
    askerMsp: MSP,
    ...(bidId ? { bidId, funderMsp: 'BankAMSP' } : {}),
  },
})
const terms = (
  id: string,
  at: string,
  asker: string,
  recourse: string,
  faceFen: string,
): Happening => ({
  ...request(id, at, 'OPEN'),
  secret: { asker, obligor: 'c1', recourse, faceFen, receivableId: 'r1', dueOn: '2026-04-05' },
})
const bid = (id: string, at: string, requestId: string, secret?: object): Happening => ({
  at,
  key: `Q:${id}`,
  open: { state: 'PLACED', requestId, bankMsp: 'BankAMSP', askerMsp: MSP },
  ...(secret ? { secret } : {}),
})
const receivable = (id: string, at: string, state: string, secret?: object): Happening => ({
  at,
  key: `R:${id}`,
  open: { state, obligorMsp: 'CoreMSP', holderMsp: MSP, root: id, depth: 0 },
  ...(secret ? { secret: { obligor: 'c1', holder: 's1', ...secret } } : {}),
})
const invoice = (id: string, at: string, match: string, approval = 'SUBMITTED'): Happening => ({
  at,
  key: `I:${id}`,
  open: { buyerMsp: 'CoreMSP', sellerMsp: MSP, match, approval, use: 'FREE' },
})

/** In the order of the ledger; the transaction of the n-th is \`tx-n-0\`. */
const LEDGER: readonly Happening[] = [
  invoice('i1', '2026-01-05T00:05:00Z', 'NONE'),
  invoice('i2', '2026-01-05T00:05:00Z', 'NONE'),
  invoice('i1', '2026-01-05T00:30:00Z', 'MATCHED'),
  invoice('i2', '2026-01-05T00:30:00Z', 'EXCEPTION'),
  invoice('i2', '2026-01-05T10:00:00Z', 'OVERRIDDEN'),
  invoice('i1', '2026-01-06T00:00:00Z', 'MATCHED', 'CONFIRMED'),
  receivable('r1', '2026-01-05T00:00:00Z', 'OFFERED', {
    faceFen: '1000000',
    collectedFen: '0',
    issuedOn: '2026-01-05',
    dueOn: '2026-03-01',
  }),
  receivable('r1', '2026-01-05T03:00:00Z', 'ACTIVE'),
  receivable('r2', '2026-01-06T00:00:00Z', 'OFFERED', {
    faceFen: '500000',
    collectedFen: '0',
    issuedOn: '2026-01-06',
    dueOn: '2026-04-01',
  }),
  receivable('r2', '2026-01-06T00:10:00Z', 'ACTIVE'),
  receivable('r3', '2026-01-07T00:00:00Z', 'OFFERED', {
    faceFen: '300000',
    collectedFen: '300000',
    issuedOn: '2026-01-07',
    dueOn: '2026-02-01',
  }),
  receivable('r3', '2026-01-07T00:20:00Z', 'ACTIVE'),
  terms('f1', '2026-01-10T02:00:00Z', 's1', 'NONE', '1000000'),
  bid('q1', '2026-01-10T02:30:00Z', 'f1', {
    requestId: 'f1',
    funder: 'b1',
    netFen: '990000',
    discountFen: '10000',
  }),
  request('f1', '2026-01-10T04:00:00Z', 'ACCEPTED', 'q1'),
  request('f1', '2026-01-10T06:00:00Z', 'PAID', 'q1'),
  // In China this is the first of February.
  terms('f2', '2026-01-31T17:00:00Z', 's2', 'FULL', '500000'),
  bid('q2', '2026-01-31T23:00:00Z', 'f2'),
  request('f2', '2026-02-01T18:00:00Z', 'ACCEPTED', 'q2'),
  request('f2', '2026-02-02T00:00:00Z', 'PAID', 'q2'),
  receivable('r3', '2026-02-02T01:00:00Z', 'REDEEMED'),
  invoice('i3', '2026-02-03T00:00:00Z', 'NONE'),
  invoice('i3', '2026-02-03T01:00:00Z', 'MATCHED'),
  receivable('r4', '2026-02-03T00:00:00Z', 'OFFERED', {
    faceFen: '400000',
    collectedFen: '100000',
    issuedOn: '2026-02-03',
    dueOn: '2026-03-01',
  }),
  receivable('r4', '2026-02-03T00:30:00Z', 'ACTIVE'),
  receivable('r5', '2026-02-03T02:00:00Z', 'OFFERED', {
    faceFen: '900000',
    collectedFen: '0',
    issuedOn: '2026-02-03',
    dueOn: '2026-03-01',
  }),
  receivable('r5', '2026-02-04T00:00:00Z', 'CANCELLED'),
  terms('f3', '2026-02-10T00:00:00Z', 's2', 'FULL', '700000'),
  request('f3', '2026-02-20T00:00:00Z', 'EXPIRED'),
  receivable('r1', '2026-03-05T00:00:00Z', 'OVERDUE', {
    faceFen: '1000000',
    collectedFen: '200000',
    issuedOn: '2026-01-05',
    dueOn: '2026-03-01',
  }),
  // On the last day of the ledger this one is due for ninety days, and not more.
  receivable('r2', '2026-04-02T00:00:00Z', 'DUE'),
  receivable('r4', '2026-05-01T00:00:00Z', 'WRITTEN_OFF'),
  terms('f4', '2026-06-30T03:00:00Z', 's1', 'NONE', '100000'),
  invoice('none', '2026-06-30T04:00:00Z', 'NONE'),
]

function chain(): LedgerBlock[] {
  return LEDGER.map(({ at, key, open, secret }, number) => {
    const one = block(number, [
      {
        ...(open ? { writes: [{ key, value: open }] } : { writes: [] }),
        ...(secret ? { secrets: [{ key, value: secret }] } : {}),
        msp: MSP,
      },
    ])
    const transactions = one.transactions.map(tx => ({ ...tx, timestampMs: Date.parse(at) }))
    return { ...one, transactions }
  })
}

type Told = readonly [kind: string, at: string, body: object]

const user = (userId: string, isService: boolean): Told => [
  'user',
  '2026-01-01T00:00:00Z',
  { userId, roles: 'maker', status: 'ACTIVE', isService },
]
const operation = (operationId: string, userId: string, at: string, more: object): Told => [
  'operation',
  at,
  { operationId, kind: 'k', userId, status: 'done', createdAt: at, finishedAt: at, ...more },
]
const submission = (operationId: string, number: number): Told => [
  'submission',
  '2026-01-05T00:00:00Z',
  { txId: `tx-${number}-0`, operationId, status: 'committed', block: number },
]
const login = (userId: string, at: string): Told => [
  'session',
  at,
  { session: `${userId}${at}`, userId, openedAt: at },
]
const read = (at: string, objectId: string): Told => [
  'read',
  at,
  { userId: 'aud', role: 'auditor', route: 'invoices.get', objectId, status: 200 },
]
const firm = (memberId: string, more: object = {}): Told => [
  'member',
  '2026-01-01T00:00:00Z',
  { memberId, mspId: MSP, kind: 'SUPPLIER', uscc: `uscc of ${memberId}`, isOwn: true, ...more },
]
const view = (eventId: string, at: string, dwellMs: number): Told => [
  'page',
  at,
  { eventId, userId: 'u1', kind: 'page', page: 'invoices', dwellMs, at, session: 's' },
]

const EVENTS: readonly Told[] = [
  user('service', true),
  user('u1', false),
  user('u2', false),
  user('aud', false),
  firm('s1'),
  firm('s2'),
  firm('s3'),
  firm('elsewhere', { isOwn: false }),
  firm('b1', { kind: 'FUNDER' }),
  [
    'import',
    '2026-01-05T00:00:00Z',
    { importId: 'up', userId: 'u1', status: 'DONE', createdAt: '2026-01-05T00:00:00Z' },
  ],
  operation('post', 'u1', '2026-01-05T00:01:00Z', { memberId: 's1', importId: 'up' }),
  submission('post', 0),
  submission('post', 1),
  operation('match', 'service', '2026-01-05T00:29:00Z', {}),
  submission('match', 2),
  submission('match', 3),
  operation('override', 'u2', '2026-01-05T09:59:00Z', { memberId: 's2' }),
  submission('override', 4),
  operation('confirm', 'u2', '2026-01-06T00:00:00Z', { memberId: 's2' }),
  submission('confirm', 5),
  login('u1', '2026-01-05T00:00:00Z'),
  login('u2', '2026-01-05T00:00:00Z'),
  login('u1', '2026-02-05T00:00:00Z'),
  view('v1', '2026-01-05T00:40:00Z', 360_000),
  view('v2', '2026-01-05T00:50:00Z', 240_000),
  // Given in January, sent in March.
  [
    'feedback',
    '2026-03-03T00:00:00Z',
    {
      eventId: 'fb',
      userId: 'u1',
      kind: 'feedback',
      score: 5,
      topic: 'EASE',
      at: '2026-01-31T12:00:00Z',
    },
  ],
  read('2026-01-20T01:00:00Z', 'i1'),
  read('2026-01-20T01:10:00Z', 'i1'),
  read('2026-01-20T01:20:00Z', 'r1'),
  read('2026-01-20T05:00:00Z', 'i2'),
]

const ADDRESS = '江苏省苏州市吴江区松陵街道1号'

/** Brings the world the way a real one comes: blocks, the outbox, and what the registry told. */
export async function bringWorld(engine: Engine, { database }: TestDatabase): Promise<void> {
  await createIngest(engine, MSP).take(chain().map(one => ({ block: one, atMs: 1 })))
  await attend(database)
  for (const [kind, at, body] of EVENTS)
    await database.execute('INSERT INTO outbox (kind, at, body) VALUES ($1, $2, $3)', [
      kind,
      at,
      JSON.stringify(body),
    ])
  await takeEvents({ engine, database })
  const records = ['s1', 's2'].map(
    member => `('business_registry', '${member}', 1, 'MEMBER', 'uscc of ${member}', now(), now(),
      '${JSON.stringify({ registeredAddress: ADDRESS })}', '')`,
  )
  await engine.write(NO_ROWS, ({ run }) =>
    run(
      `INSERT INTO lake.bronze.source_records (source, id, revision, subject_kind, subject, event_at,
         arrived_at, body, fingerprint) VALUES ${records.join(', ')}`,
    ),
  )
}
