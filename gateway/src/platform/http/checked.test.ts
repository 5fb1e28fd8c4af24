import { expect } from 'chai'
import { z } from 'zod'
import { checkAnswer } from './checked.ts'
import { routes } from './route.ts'

const { 'things.get': route } = routes({
  'things.get': {
    method: 'GET',
    path: '/v1/things',
    summary: 'Things',
    access: 'user',
    response: z.object({
      id: z.string(),
      at: z.string().optional(),
      parts: z.array(z.object({ n: z.int() })),
    }),
  },
})

describe('an answer that is compared with its schema', () => {
  const check = (body: unknown) => () => checkAnswer('things.get', route, body)

  it('passes as it is sent: what is undefined is not there', () => {
    expect(check({ id: 'a', at: undefined, parts: [{ n: 1 }] })).to.not.throw()
  })

  it('is a defect where something is missing or of another type, and the place is named', () => {
    expect(check({ parts: [] })).to.throw('things.get answers id')
    expect(check({ id: 'a', parts: [{ n: '1' }] })).to.throw('things.get answers parts.0.n')
  })

  it('is a defect where it says more than the schema knows; the value is not repeated', () => {
    const said = check({ id: 'a', parts: [{ n: 1, secret: 'of another member' }] })
    expect(said).to.throw('more than its schema knows: parts.0.secret')
    expect(said).to.not.throw('of another member')
  })
})
