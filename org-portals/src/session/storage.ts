/**
 * The session of this tab, kept over a reload. A refresh token works once: the renewed session is stored before
 * the next request leaves, else a reload would offer a token that is used up, and the gateway would end the
 * session as stolen.
 */
import type { Session } from '@triflow/gateway/client'

const STORED = 'triflow.session'

export function storedSession(): Session | undefined {
  try {
    const text = sessionStorage.getItem(STORED)
    return text ? (JSON.parse(text) as Session) : undefined
  } catch {
    return undefined
  }
}

/** A browser that refuses storage still works, until the page is loaded again. */
export function storeSession(session: Session | undefined): void {
  try {
    if (session) sessionStorage.setItem(STORED, JSON.stringify(session))
    else sessionStorage.removeItem(STORED)
  } catch {
    // The session stays in memory.
  }
}

/** A fetch that stores the session whenever it is another one than at the request before. */
export function keepsSession(
  current: () => Session | undefined,
  send: typeof fetch,
  store: (session: Session) => void = storeSession,
): typeof fetch {
  let last: Session | undefined
  return (...call) => {
    const session = current()
    if (session && session !== last) store(session)
    last = session
    return send(...call)
  }
}
