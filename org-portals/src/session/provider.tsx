/** Who is logged in. The tokens live in memory and in this tab's session storage, never beyond it. */
import { createClient, type Client, type Principal, type Session } from '@triflow/gateway/client'
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react'

interface SessionState {
  readonly client: Client
  readonly user: Principal | undefined
  logIn(login: string, password: string): Promise<void>
  logOut(): Promise<void>
}

const SessionContext = createContext<SessionState | undefined>(undefined)
const STORED = 'triflow.session'

function storedSession(): Session | undefined {
  try {
    const text = sessionStorage.getItem(STORED)
    return text ? (JSON.parse(text) as Session) : undefined
  } catch {
    return undefined
  }
}

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const client = useMemo(() => {
    const created = createClient({ url: location.origin, fetch: (...call) => fetch(...call) })
    created.resume(storedSession())
    return created
  }, [])
  const [user, setUser] = useState<Principal | undefined>(client.session?.user)

  const state: SessionState = {
    client,
    user,
    async logIn(login, password) {
      const session = await client.logIn(login, password)
      sessionStorage.setItem(STORED, JSON.stringify(session))
      setUser(session.user)
    },
    async logOut() {
      sessionStorage.removeItem(STORED)
      await client.call('sessions.close', {}).catch(() => undefined)
      client.resume(undefined)
      setUser(undefined)
    },
  }
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
