import { expect } from 'chai'
import { endorsementOutcome } from './errors.ts'

const failure = (message: string, ...details: string[]) => ({
  code: 10,
  message: `10 ABORTED: ${message}`,
  details: details.map(detail => ({ message: detail })),
})

describe('what an endorsement error means', () => {
  it('a refusal is read from the details of an endorser, with its facts', () => {
    const text =
      'chaincode response 500, BATCH_REFUSED {"refusals":[{"index":3,"code":"RECORD_EXISTS"}]}'
    const outcome = endorsementOutcome(failure('failed to endorse transaction', text))
    expect(outcome).to.deep.equal({
      kind: 'refused',
      fault: { code: 'BATCH_REFUSED', refusals: [{ index: 3, code: 'RECORD_EXISTS' }] },
    })
  })

  it('a word in capitals that is none of the contracts’ codes is not taken for one', () => {
    const outcome = endorsementOutcome(failure('x', 'chaincode response 500, OUT_OF_LUCK {"a":1}'))
    expect(outcome.kind).to.equal('broken')
  })

  it('an error of the contract’s program is broken, a lagging or silent peer is asked again', () => {
    const kindOf = (text: string): string => endorsementOutcome(failure('x', text)).kind
    expect(
      kindOf("chaincode response 500, Cannot read properties of undefined (reading 'id')"),
    ).to.equal('broken')
    expect(kindOf('ProposalResponsePayloads do not match')).to.equal('unendorsed')
    expect(
      kindOf('chaincode response 500, error: timeout expired while executing transaction'),
    ).to.equal('unendorsed')
    expect(endorsementOutcome(new Error('14 UNAVAILABLE: connection refused')).kind).to.equal(
      'unendorsed',
    )
  })
})
