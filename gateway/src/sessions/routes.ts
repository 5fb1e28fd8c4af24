import type { Handlers } from '../platform/http/bind.ts'
import type { Sessions } from './sessions.ts'

type Names = 'sessions.open' | 'sessions.refresh' | 'sessions.close' | 'sessions.me'

export function sessionHandlers(sessions: Sessions): Handlers<Names> {
  return {
    'sessions.open': async ({ body }) => sessions.open(body),
    'sessions.refresh': async ({ body }) => sessions.refresh(body.refreshToken),
    'sessions.close': async ({ caller }) => {
      await sessions.close(caller.sessionId)
      return {}
    },
    'sessions.me': async ({ caller }) => sessions.principal(caller.userId),
  }
}
