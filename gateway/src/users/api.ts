import { z } from 'zod'
import { ROLES, routes } from '../platform/http/route.ts'
import { Id, Instant, pageOf, PageQuery, Password } from '../platform/http/schemas.ts'

export const User = z
  .object({
    userId: z.string(),
    login: z.string(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    memberId: Id.optional(),
    status: z.enum(['ACTIVE', 'DISABLED']),
    passwordOneTime: z.boolean().describe('The user has not chosen a password yet'),
    certificateSubject: z.string().optional(),
    createdAt: Instant,
  })
  .meta({ id: 'User' })

export const NewUser = z.object({
  login: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{2,62}$/)
    .describe('Unique in the organisation, e.g. `sup07.maker`'),
  name: z.string().min(1).max(80),
  password: Password.describe('One-time: the user chooses another one at the first log-in'),
  roles: z.array(z.enum(ROLES)).min(1),
  memberId: Id.optional().describe('The member this person acts for; absent for operator, auditor'),
})

export const userRoutes = routes({
  'users.list': {
    method: 'GET',
    path: '/v1/users',
    summary: 'Users of this organisation',
    access: ['operator', 'auditor'],
    organization: true,
    query: PageQuery.extend({ memberId: Id.optional() }),
    response: pageOf(User),
  },
  'users.create': {
    method: 'POST',
    path: '/v1/users',
    summary:
      'Enrol a user: a key pair in the wallet and an X.509 certificate with role and memberId attributes',
    access: ['operator'],
    organization: true,
    write: true,
    status: 201,
    body: NewUser,
    response: User,
  },
  'users.disable': {
    method: 'POST',
    path: '/v1/users/:userId/disable',
    summary: 'Shut a user out; running sessions end',
    access: ['operator'],
    organization: true,
    write: true,
    params: z.object({ userId: Id }),
    response: User,
  },
})
