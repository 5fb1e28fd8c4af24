/** Who sees which requests for financing, and which bids on them, when acting for a member. */
import { expect } from 'chai'
import { openTest } from './fixture.ts'
import type { Reader } from './policy.ts'
import type { Analysis } from './query.ts'

/** Staff of a bank who act for its member, the same of its competitor, and two who ask for money. */
const FUNDER: Reader = { role: 'MEMBER', mspId: 'BankAMSP', memberId: 'B-ONE' }
const COMPETITOR: Reader = { ...FUNDER, mspId: 'BankBMSP', memberId: 'B-TWO' }
const ASKER: Reader = { ...FUNDER, mspId: 'AllianceMSP', memberId: 'S-ONE' }
const STRANGER: Reader = { ...ASKER, memberId: 'S-THREE' }

const requests = [
  { id: 'r1', asker: 'S-ONE', obligor: 'C-CORE', face_fen: 100 },
  { id: 'r2', asker: 'S-TWO', obligor: 'C-CORE', face_fen: 200 },
  { id: 'r3', asker: 'S-TWO', obligor: 'C-CORE', face_fen: 300 },
  { id: 'r4', asker: 'B-ONE', obligor: 'C-CORE', face_fen: 400 },
  // What was deleted names nobody.
  { id: 'r5', asker: null, obligor: null, face_fen: null, deleted: 'true' },
]
const bids = [
  { id: 'b1', request_id: 'r1', funder: 'B-ONE', rate_ppm: 31_000 },
  { id: 'b2', request_id: 'r1', funder: 'B-TWO', rate_ppm: 29_999 },
  { id: 'b3', request_id: 'r3', funder: 'B-TWO', rate_ppm: 42_424 },
  { id: 'b4', request_id: 'r5', funder: null, rate_ppm: null, deleted: 'true' },
  { id: 'b5', request_id: 'r4', funder: 'B-TWO', rate_ppm: 50_000 },
]
const now = ({ deleted: _, ...row }: (typeof requests)[number] | (typeof bids)[number]) => row
const ROWS = {
  'silver.requests': requests,
  'gold.requests': requests.map(now),
  'silver.request_states': requests.map(({ id }) => ({ id, state: 'OPEN' })),
  'silver.bids': bids,
  'gold.bids': bids.map(now),
  'silver.bid_states': bids.map(({ id, request_id }) => ({ id, request_id, state: 'PLACED' })),
}
const REQUESTS = ['silver.requests', 'gold.requests', 'silver.request_states']
const BIDS = ['silver.bids', 'gold.bids', 'silver.bid_states']

describe('lakehouse/analysis: requests and bids of a member', function () {
  this.timeout(60_000)
  let analysis: Analysis
  before(() => {
    analysis = openTest(ROWS)
  })
  after(() => analysis.close())

  const rows = async (reader: Reader, sql: string) =>
    (await analysis.runQuery(reader, { sql })).rows
  const idsOf = async (reader: Reader, table: string): Promise<string> =>
    (await rows(reader, `SELECT id FROM ${table} ORDER BY id`)).flat().join(' ')

  const SEEN: readonly (readonly [who: string, Reader, requests: string, bids: string])[] = [
    [
      'who funds: what it bid on or asked, its own bids and those on what it asked',
      FUNDER,
      'r1 r4',
      'b1 b5',
    ],
    ['its competitor: the same of its own', COMPETITOR, 'r1 r3 r4', 'b2 b3 b5'],
    ['who asks: its own requests and every bid on them', ASKER, 'r1', 'b1 b2'],
    ['who did neither: nothing', STRANGER, '', ''],
  ]
  for (const [who, reader, asked, placed] of SEEN)
    it(`shows to ${who}`, async () => {
      for (const table of REQUESTS) expect(await idsOf(reader, table), table).equal(asked)
      for (const table of BIDS) expect(await idsOf(reader, table), table).equal(placed)
    })

  it('lets a bid be laid beside the request that it answers', async () => {
    const sql = `SELECT b.id, r.asker, r.face_fen FROM gold.bids b JOIN gold.requests r ON r.id = b.request_id
      WHERE b.funder = 'B-ONE'`
    expect(await rows(FUNDER, sql)).deep.equal([['b1', 'S-ONE', '100']])
  })

  it('tells who bid nothing of the price of a competitor on the same request, by no detour', async () => {
    const [lowest] = await rows(
      FUNDER,
      `SELECT min(rate_ppm) FROM silver.bids WHERE request_id = 'r1'`,
    )
    expect(lowest).deep.equal(['31000'])
    const detours = [
      `SELECT count(*) FROM silver.bids WHERE rate_ppm < 30000`,
      `SELECT count(*) FROM silver.bid_states WHERE id = 'b2'`,
      `SELECT count(*) FROM silver.requests r JOIN silver.bids b ON b.request_id = r.id AND b.funder = 'B-TWO'
         WHERE r.id = 'r1'`,
      `SELECT count(*) FROM silver.bids
         WHERE NOT 'a' LIKE 'b' ESCAPE (CASE WHEN rate_ppm = 29999 THEN 'zz' ELSE 'z' END) AND rate_ppm = 29999`,
      `SELECT count(*) FROM silver.requests
         WHERE NOT 'a' LIKE 'b' ESCAPE (CASE WHEN face_fen = 300 THEN 'zz' ELSE 'z' END) AND face_fen = 300`,
    ]
    for (const sql of detours) expect(await rows(FUNDER, sql), sql).deep.equal([['0']])
  })

  it('takes nobody for a party because a name is missing or is an attack', async () => {
    for (const memberId of [`x' OR '1'='1`, 'NULL', ' ']) {
      expect(await idsOf({ ...FUNDER, memberId }, 'silver.requests')).equal('')
      expect(await idsOf({ ...FUNDER, memberId }, 'silver.bids')).equal('')
    }
  })
})
