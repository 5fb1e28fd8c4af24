import { expect } from 'chai'
import { after, closed, TIMING, type Circuit, type Outcome } from './schedule.ts'
import { NOTHING } from './sink.ts'
import { CATALOGUE } from './catalogue/index.ts'
import { statusOf } from './status.ts'

const FAILED: Outcome = { kind: 'FAILED', fault: { code: 'SOURCE_STATUS', detail: 'status 500' } }

/** The circuit behind so many failures in a row, each at the moment that the one before had set. */
function behind(failures: number, chance: number, outcome: Outcome = FAILED): Circuit {
  let circuit = closed(0)
  for (let at = 0; at < failures; at += 1)
    circuit = after(circuit, outcome, { nowMs: circuit.nextAtMs, chance, timing: TIMING })
  return circuit
}

describe('the schedule of a source', () => {
  it('waits twice as long after each failure, up to a limit, with half of it left to chance', () => {
    const waits = (chance: number) =>
      Array.from(
        { length: 12 },
        (_, at) => behind(at + 1, chance).nextAtMs - behind(at, chance).nextAtMs,
      )
    expect(waits(1).slice(0, 4)).to.deep.equal([1_000, 2_000, 4_000, 8_000])
    expect(waits(0).slice(0, 4)).to.deep.equal([500, 1_000, 2_000, 4_000])
    expect(Math.max(...waits(1))).to.equal(TIMING.backoffMaxMs)
  })

  it('never asks again without a pause, whatever came of it', () => {
    const outcomes: Outcome[] = [{ kind: 'MORE' }, { kind: 'CAUGHT_UP' }, { kind: 'ANEW' }, FAILED]
    for (const outcome of outcomes)
      for (const chance of [0, 0.5, 1])
        expect(
          after(closed(7), outcome, { nowMs: 7, chance, timing: TIMING }).nextAtMs,
        ).to.be.above(7)
  })

  it('opens after five failures in a row and then leaves the source alone for a minute', () => {
    expect(behind(4, 0).state).to.equal('CLOSED')
    expect(behind(5, 0).state).to.equal('OPEN')
    expect(behind(5, 0).nextAtMs - behind(4, 0).nextAtMs).to.equal(TIMING.openMs)
  })

  it('stays open while its probe fails, and is closed by the first that does not', () => {
    expect(behind(6, 0).state).to.equal('OPEN')
    const at = { nowMs: 1_000_000, chance: 0, timing: TIMING }
    expect(after(behind(6, 0), { kind: 'CAUGHT_UP' }, at)).to.deep.equal(
      closed(1_000_000 + TIMING.everyMs),
    )
  })

  it('opens at once when the token is refused', () => {
    expect(behind(1, 0, { ...FAILED, isFinal: true } as Outcome).state).to.equal('OPEN')
  })

  it('waits as long as the source asks, but not for ever', () => {
    expect(behind(1, 0, { ...FAILED, retryAfterMs: 90_000 } as Outcome).nextAtMs).to.equal(90_000)
    expect(behind(1, 0, { ...FAILED, retryAfterMs: 1e12 } as Outcome).nextAtMs).to.equal(3_600_000)
  })

  it('remembers what is wrong since the first failure, through attempts that were nobody’s fault', () => {
    const circuit = after(
      behind(3, 0),
      { kind: 'ANEW' },
      { nowMs: 9_999, chance: 0, timing: TIMING },
    )
    expect(circuit).to.include({ failures: 3, sinceMs: 0, state: 'CLOSED' })
    expect(circuit.fault?.code).to.equal('SOURCE_STATUS')
  })
})

describe('the status of a source', () => {
  const totals = { ...NOTHING.totals, records: 1, lastEventAt: '2026-10-01T00:00:00.000Z' }
  const stored = { stored: { position: '1', totals }, late: 0 }
  const at = (text: string) => Date.parse(text)

  it('is NEVER, FRESH, then STALE behind the limit of its source, and FAILING whatever it has', () => {
    const source = CATALOGUE.logistics
    const state = (now: string, circuit = closed(0)) =>
      statusOf(source, stored, circuit, at(now)).state
    expect(statusOf(source, { stored: NOTHING, late: 0 }, closed(0), 0).state).to.equal('NEVER')
    expect(state('2026-10-08T00:00:00.000Z')).to.equal('FRESH')
    expect(state('2026-10-08T00:00:00.001Z')).to.equal('STALE')
    expect(state('2026-10-02T00:00:00.000Z', behind(1, 0))).to.equal('FAILING')
  })

  it('says what is wrong, since when, how often, and when it is tried again', () => {
    const status = statusOf(CATALOGUE.logistics, stored, behind(5, 0), 0)
    expect(status.circuit).to.equal('OPEN')
    expect(status.fault).to.deep.equal({
      code: 'SOURCE_STATUS',
      detail: 'status 500',
      since: '1970-01-01T00:00:00.000Z',
      failures: 5,
    })
    expect(at(status.nextAttemptAt)).to.equal(behind(5, 0).nextAtMs)
  })
})
