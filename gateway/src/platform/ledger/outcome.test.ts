import { expect } from 'chai'
import { next, refusalsOf, type Outcome } from './outcome.ts'

const first = { attempt: 1, recent: false }

describe('what is done after an attempt', () => {
  const committed: Outcome = { kind: 'committed', blockNumber: 5n }
  const invalid = (code: string): Outcome => ({ kind: 'invalid', code, blockNumber: 5n })

  it('a committed transaction is done', () => {
    expect(next(committed, first)).to.equal('done')
  })

  it('a conflict is endorsed again, with a bound', () => {
    for (const code of ['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT']) {
      expect(next(invalid(code), first)).to.equal('endorse_again')
      expect(next(invalid(code), { attempt: 8, recent: true })).to.equal('park')
    }
  })

  it('an unknown fate or a duplicate id is asked for and never submitted anew', () => {
    expect(next({ kind: 'unknown', detail: '' }, first)).to.equal('ask_status')
    expect(next({ kind: 'unknown', detail: '' }, { attempt: 99, recent: true })).to.equal(
      'ask_status',
    )
    expect(next(invalid('DUPLICATE_TXID'), first)).to.equal('ask_status')
  })

  it('a contract that breaks goes to the operator', () => {
    expect(next({ kind: 'broken', detail: 'TypeError' }, first)).to.equal('page_operator')
  })

  it('a policy failure may come from a policy set in the same block; one that lasts goes to the operator', () => {
    const failure = invalid('ENDORSEMENT_POLICY_FAILURE')
    expect(next(failure, first)).to.equal('endorse_again')
    expect(next(failure, { attempt: 3, recent: true })).to.equal('endorse_again')
    expect(next(failure, { attempt: 4, recent: true })).to.equal('page_operator')
  })

  it('a signature that does not hold goes to the operator', () => {
    expect(next(invalid('BAD_CREATOR_SIGNATURE'), first)).to.equal('page_operator')
  })

  it('a refusal is told at once, unless an endorser may lag behind a block that the caller knows of', () => {
    const maker: Outcome = { kind: 'refused', fault: { code: 'MAKER_IS_CHECKER' } }
    const moved: Outcome = { kind: 'refused', fault: { code: 'MOVE_REFUSED' } }
    expect(next(maker, { attempt: 1, recent: true })).to.equal('tell_caller')
    expect(next(moved, first)).to.equal('endorse_again')
    expect(next(moved, { attempt: 4, recent: false })).to.equal('tell_caller')
    expect(next(moved, { attempt: 1, recent: true })).to.equal('endorse_again')
    expect(next(moved, { attempt: 7, recent: true })).to.equal('tell_caller')
  })

  it('a batch waits for a lagging endorser only when every refusal may come from that', () => {
    const batch = (codes: string[]): Outcome => ({
      kind: 'refused',
      fault: {
        code: 'BATCH_REFUSED',
        refusals: codes.map((code, index) => ({ index, code })),
      },
    })
    const recent = { attempt: 1, recent: true }
    expect(next(batch(['RECORD_UNKNOWN', 'OPENING_WRONG']), recent)).to.equal('endorse_again')
    expect(next(batch(['RECORD_UNKNOWN', 'INVOICE_DUPLICATE']), recent)).to.equal('tell_caller')
  })

  it('refusals that have no index or code are passed over', () => {
    const fault = {
      code: 'BATCH_REFUSED' as const,
      refusals: [{ index: 1, code: 'X' }, { index: 'a' }, 3],
    }
    expect(refusalsOf(fault)).to.deep.equal([{ index: 1, code: 'X' }])
    expect(refusalsOf({ code: 'MOVE_REFUSED' })).to.deep.equal([])
  })
})
