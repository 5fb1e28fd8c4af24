import { expect } from 'chai'
import type { Operation } from '@triflow/chaincode/model'
import { story } from '@triflow/chaincode/testing'
import { prepareIssue } from './trade.ts'

describe('Caliper workload', () => {
  after(() => story.playOn(story.STORY_DAY))

  it('prepares what the contracts accept: one proposal, offer and acceptance per certificate', async () => {
    const sent: string[] = []
    const submit = async ({ contract, function: name }: Operation) => {
      sent.push(`${contract}:${name}`)
      return { ok: true as const, payload: '', writes: 0 }
    }
    // Two batches: the second one must not depend on anything of the first.
    const issue = await prepareIssue(submit, 52)
    expect([issue.propose.length, issue.offer.length, issue.accept.length]).to.deep.equal([
      52, 52, 52,
    ])
    expect(sent.filter(name => name === 'confirmation:confirm')).to.have.length(2)
    expect(sent.some(name => name.startsWith('receivables:'))).to.equal(false)
  })

  it('stops where the ledger refuses a step of the preparation', async () => {
    const refusing = async () => ({ ok: false as const, code: 'CALLER_UNKNOWN' as const })
    const fault = await prepareIssue(refusing, 1).catch((error: unknown) => error as Error)
    expect(fault).to.be.instanceOf(Error)
    expect((fault as Error).message).to.contain('CALLER_UNKNOWN')
  })
})
