import type { Services } from '../services.ts'
import { maturing } from './operations.ts'

export interface Clock {
  work(): Promise<void>
}

/** What the calendar asks of this organisation: maturity, and the end of what was never answered. */
export function createClock(services: Services, serviceUserId: string): Clock {
  const { engine, database, network, config } = services
  const by = { userId: serviceUserId, memberId: undefined }

  async function lapsed(sql: string): Promise<string[]> {
    const today = await network.businessDay()
    const rows = await database.query<{ id: string }>(sql, [today, config.mspId])
    return rows.map(row => row.id)
  }

  return {
    async work() {
      if (!(await network.policy())) return
      const due = await maturing(services, undefined)
      if (due.length > 0) await engine.complete('settlement.mature', { certificateIds: due }, by)
      const offers = await lapsed(LAPSED_OFFERS)
      if (offers.length > 0)
        await engine.complete('certificates.expire', { certificateIds: offers }, by)
      const transfers = await lapsed(LAPSED_TRANSFERS)
      if (transfers.length > 0)
        await engine.complete('transfers.expire', { certificateIds: transfers }, by)
      for (const requestId of await lapsed(LAPSED_REQUESTS))
        await engine.complete('financing.expire', { requestId }, by)
    },
  }
}

// The side that would be free again asks: the obligor for an offer, the holder for a transfer or a request.
const LAPSED_OFFERS = `SELECT id FROM records WHERE kind = 'receivable' AND open->>'state' = 'OFFERED'
  AND open->>'obligorMsp' = $2 AND secret->>'offerUntil' < $1 ORDER BY id LIMIT 500`
const LAPSED_TRANSFERS = `SELECT r.id FROM records r JOIN records t ON t.kind = 'transfer' AND t.id = r.id
  WHERE r.kind = 'receivable' AND r.open->>'state' = 'LOCKED' AND r.open->'lock'->>'kind' = 'TRANSFER'
  AND r.open->>'holderMsp' = $2 AND t.secret->>'until' < $1 ORDER BY r.id LIMIT 500`
const LAPSED_REQUESTS = `SELECT id FROM records WHERE kind = 'request' AND open->>'state' = 'OPEN'
  AND open->>'askerMsp' = $2 AND secret->>'bidsUntil' < $1 ORDER BY id LIMIT 100`
