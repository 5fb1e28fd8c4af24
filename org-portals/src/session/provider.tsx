/** Who is logged in. The tokens live in memory and in this tab's session storage, never beyond it. */
import { createClient, type Client, type Principal, type Session } from '@triflow/gateway/client'
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react'
import { keepsSession, storedSession, storeSession } from './storage.ts'

interface SessionState {
  readonly client: Client
  readonly user: Principal | undefined
  /** The session ended without the user having asked for it. */
  readonly hasLapsed: boolean
  /** `newPassword` replaces one that another person has set. */
  logIn(login: string, password: string, newPassword?: string): Promise<void>
  logOut(): Promise<void>
  /** Forgets a session that the gateway no longer knows. */
  lapse(): void
}

const SessionContext = createContext<SessionState | undefined>(undefined)

function openClient(): Client {
  const client: Client = createClient({
    url: location.origin,
    fetch: keepsSession(
      () => client.session,
      (...call) => fetch(...call),
    ),
  })
  client.resume(storedSession())
  return client
}

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [client] = useState(openClient)
  const [user, setUser] = useState<Principal | undefined>(client.session?.user)
  const [hasLapsed, setLapsed] = useState(false)

  const forget = useCallback(
    (lapsed: boolean) => {
      storeSession(undefined)
      client.resume(undefined)
      setUser(undefined)
      setLapsed(lapsed)
    },
    [client],
  )
  const lapse = useCallback(() => forget(true), [forget])
  const state: SessionState = useMemo(
    () => ({
      client,
      user,
      hasLapsed,
      async logIn(...credentials) {
        const session: Session = await client.logIn(...credentials)
        storeSession(session)
        setUser(session.user)
        setLapsed(false)
      },
      async logOut() {
        await client.call('sessions.close', {}).catch(() => undefined)
        forget(false)
      },
      lapse,
    }),
    [client, user, hasLapsed, forget, lapse],
  )
  return <SessionContext value={state}>{children}</SessionContext>
}

export function useSession(): SessionState {
  const state = useContext(SessionContext)
  if (!state) throw new Error('useSession outside of SessionProvider')
  return state
}

/** The client and the user of a page that is only shown to somebody who is logged in. */
export function useUser(): { client: Client; user: Principal } {
  const { client, user } = useSession()
  if (!user) throw new Error('this page needs a logged-in user')
  return { client, user }
}
