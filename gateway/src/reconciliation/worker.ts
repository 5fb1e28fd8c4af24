import type { Services } from '../services.ts'

export interface Matcher {
  /** Something was projected: look soon whether it can be judged. */
  wake(): void
  work(): Promise<void>
  close(): void
}

/** Documents arrive in many blocks; the worker waits for a pause and then judges them together. */
const PAUSE_MS = 1_500
const LATEST_MS = 10_000

/** Judges invoices and places payments as their evidence arrives, at the buyer’s gateway. */
export function createMatcher(services: Services, serviceUserId: string): Matcher {
  const { engine, queue, database, config } = services
  let timer: NodeJS.Timeout | undefined
  let first = 0
  let closed = false

  function fire(): void {
    timer = undefined
    first = 0
    if (!closed) void queue.add('reconcile', {})
  }

  /** Cheap questions first: most blocks bring nothing to judge. */
  async function hasWork(): Promise<{ matching: boolean; payments: boolean }> {
    const [row] = await database.query<{ matching: boolean; payments: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM records i WHERE i.kind = 'invoice' AND i.approval = 'SUBMITTED'
           AND i.open->>'buyerMsp' = $1 AND i.secret_text IS NOT NULL AND i.match IN ('NONE', 'EXCEPTION')) AS matching,
         EXISTS (SELECT 1 FROM records p WHERE p.kind = 'payment' AND p.secret->>'payerMsp' = $1
           AND p.secret->>'remittance' LIKE '%I:%'
           AND NOT EXISTS (SELECT 1 FROM records u WHERE u.kind = 'usage' AND u.id = p.id)
           AND NOT EXISTS (SELECT 1 FROM unplaced x WHERE x.payment_id = p.id
             AND (x.reason <> 'NO_INVOICE' OR x.at > now() - interval '30 seconds'))) AS payments`,
      [config.mspId],
    )
    return row ?? { matching: false, payments: false }
  }

  return {
    wake() {
      if (closed) return
      const now = Date.now()
      if (first === 0) first = now
      if (timer && now - first < LATEST_MS) clearTimeout(timer)
      else if (timer) return
      timer = setTimeout(fire, PAUSE_MS)
      timer.unref()
    },
    async work() {
      const by = { userId: serviceUserId, memberId: undefined }
      const { matching, payments } = await hasWork()
      if (matching) await engine.complete('matching.run', { completeOnly: true }, by)
      if (payments) await engine.complete('payments.allocate', { quiet: true }, by)
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
