import type { Handlers } from '../platform/http/bind.ts'
import { userView, type Users } from './users.ts'

type Names = 'users.list' | 'users.create' | 'users.disable'

export function userHandlers(users: Users): Handlers<Names> {
  return {
    'users.list': async ({ query }) => users.list(query),
    'users.create': async ({ body }) => userView(await users.create({ ...body, oneTime: true })),
    'users.disable': async ({ params }) => userView(await users.disable(params.userId)),
  }
}
