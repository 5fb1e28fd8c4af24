import { z } from 'zod'
import { ROLES, routes } from '../platform/http/route.ts'
import { Empty, Id, MspId, Password } from '../platform/http/schemas.ts'

export const Principal = z
  .object({
    userId: z.string(),
    login: z.string(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    /** Absent for users of the organisation itself (operator, auditor), who act for no member. */
    memberId: Id.optional(),
    memberName: z.string().optional(),
    mspId: MspId,
    organization: z.string(),
  })
  .meta({ id: 'Principal' })
export type Principal = z.infer<typeof Principal>

export const Session = z
  .object({
    accessToken: z.string(),
    expiresInSeconds: z.int(),
    refreshToken: z.string(),
    user: Principal,
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof Session>

export const sessionRoutes = routes({
  'sessions.open': {
    method: 'POST',
    path: '/v1/sessions',
    summary:
      'Log in. 401 LOGIN_REFUSED; 429 LOGIN_LOCKED after repeated failures; 403 PASSWORD_CHANGE_REQUIRED where the password is one-time: send `newPassword` along, which replaces it and ends earlier sessions',
    access: 'anyone',
    status: 201,
    body: z.object({
      login: z.string().min(1).max(80),
      password: z.string().min(1).max(200),
      newPassword: Password.optional(),
    }),
    response: Session,
  },
  'sessions.refresh': {
    method: 'POST',
    path: '/v1/sessions/refresh',
    summary: 'Exchange a refresh token (single use) for a new session',
    access: 'anyone',
    status: 201,
    body: z.object({ refreshToken: z.string().min(1).max(200) }),
    response: Session,
  },
  'sessions.close': {
    method: 'DELETE',
    path: '/v1/sessions/current',
    summary: 'Log out: the refresh tokens of this session stop working',
    access: 'user',
    response: Empty,
  },
  'sessions.me': {
    method: 'GET',
    path: '/v1/me',
    summary: 'Who am I',
    access: 'user',
    response: Principal,
  },
})
