import type { Session } from '@triflow/gateway/client'
import { expect } from 'chai'
import { keepsSession } from './storage.ts'

const session = (refreshToken: string) => ({ refreshToken }) as Session

describe('The session of a tab', () => {
  it('is stored anew before the first request after a renewal, and then left alone', async () => {
    const story: string[] = []
    let current: Session | undefined = session('first')
    const send = keepsSession(
      () => current,
      () => {
        story.push('request')
        return Promise.resolve(new Response())
      },
      kept => story.push(kept.refreshToken),
    )
    await send('/a')
    await send('/b')
    current = session('second')
    await send('/c')
    current = undefined
    await send('/d')
    expect(story).to.deep.equal(['first', 'request', 'request', 'second', 'request', 'request'])
  })
})
