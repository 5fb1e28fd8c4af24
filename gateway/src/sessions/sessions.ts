import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Database } from '../platform/database/database.ts'
import { CodedError } from '../platform/faults.ts'
import type { Caller, Tokens } from '../platform/http/tokens.ts'
import { createPasswordDesk, hashPassword, matchesPassword } from '../users/passwords.ts'
import type { UserRow, Users } from '../users/users.ts'
import type { Principal, Session } from './api.ts'

export interface Credentials {
  readonly login: string
  readonly password: string
  /** Replaces the password, and ends every session that was opened with it. */
  readonly newPassword?: string | undefined
}

export interface Sessions {
  open(credentials: Credentials): Promise<Session>
  refresh(refreshToken: string): Promise<Session>
  close(sessionId: string): Promise<void>
  principal(userId: string): Promise<Principal>
  /** Throws SESSION_ENDED when the session was closed or the user disabled. */
  check(caller: Caller): Promise<void>
}

export interface SessionsOptions {
  readonly database: Database
  readonly users: Users
  readonly tokens: Tokens
  readonly mspId: string
  readonly organization: string
}

const REFRESH_DAYS = 7
const FAILURES_MAX = 5
const LOCK_MINUTES = 15
const CHECK_CACHE_MS = 5_000

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

export function createSessions(options: SessionsOptions): Sessions {
  const { database, users } = options
  const checked = new Map<string, number>()
  // Compared with when the login is unknown, so that both answers take the same time.
  const decoy = hashPassword(randomBytes(16).toString('hex'))
  const desk = createPasswordDesk()
  return {
    async open(credentials) {
      const row = await desk.guarded(() => admit(database, credentials, decoy))
      const sessionId = randomUUID()
      await database.execute('INSERT INTO sessions (session_id, user_id) VALUES ($1, $2)', [
        sessionId,
        row.user_id,
      ])
      return sessionFor(options, row, sessionId)
    },
    async refresh(refreshToken) {
      const sessionId = await redeem(database, hashOf(refreshToken))
      const [row] = await database.query<UserRow>(
        `SELECT u.* FROM users u JOIN sessions s USING (user_id)
         WHERE s.session_id = $1 AND s.closed_at IS NULL AND u.status = 'ACTIVE'`,
        [sessionId],
      )
      if (!row) throw new CodedError('SESSION_ENDED', { detail: 'log in again' })
      return sessionFor(options, row, sessionId)
    },
    async close(sessionId) {
      checked.delete(sessionId)
      await closeSession(database, sessionId)
    },
    async principal(userId) {
      const row = await users.find(userId)
      if (!row) throw new CodedError('SESSION_ENDED')
      return principalOf(options, row)
    },
    async check(caller) {
      const now = Date.now()
      if ((checked.get(caller.sessionId) ?? 0) > now) return
      await requireLive(database, caller.sessionId)
      if (checked.size > CHECKED_MAX) checked.clear()
      checked.set(caller.sessionId, now + CHECK_CACHE_MS)
    },
  }
}

const CHECKED_MAX = 10_000

async function requireLive(database: Database, sessionId: string): Promise<void> {
  const [row] = await database.query(
    `SELECT 1 FROM sessions s JOIN users u USING (user_id)
     WHERE s.session_id = $1 AND s.closed_at IS NULL AND u.status = 'ACTIVE'`,
    [sessionId],
  )
  if (!row) throw new CodedError('SESSION_ENDED', { detail: 'log in again' })
}

async function admit(
  database: Database,
  credentials: Credentials,
  decoy: Promise<string>,
): Promise<UserRow> {
  const row = await authenticate(database, credentials, decoy)
  const { password, newPassword } = credentials
  if (newPassword === undefined) {
    if (row.password_one_time)
      throw new CodedError('PASSWORD_CHANGE_REQUIRED', { detail: 'choose a password of your own' })
    return row
  }
  if (newPassword === password)
    throw new CodedError('PASSWORD_SAME', { detail: 'the new password must be another one' })
  await replacePassword(database, row, await hashPassword(newPassword))
  return row
}

/** Of two that change it at once with the same old password, one does; the other must know the new one. */
async function replacePassword(database: Database, row: UserRow, fresh: string): Promise<void> {
  await database.transaction(async tx => {
    const changed = await tx.execute(
      `UPDATE users SET password_hash = $3, password_one_time = false
       WHERE user_id = $1 AND password_hash = $2`,
      [row.user_id, row.password_hash, fresh],
    )
    if (changed === 0) throw loginRefused()
    await tx.execute(
      'UPDATE sessions SET closed_at = now() WHERE user_id = $1 AND closed_at IS NULL',
      [row.user_id],
    )
  })
}

function loginRefused(): CodedError {
  return new CodedError('LOGIN_REFUSED', { detail: 'login or password is wrong' })
}

async function authenticate(
  database: Database,
  { login, password }: Credentials,
  decoy: Promise<string>,
): Promise<UserRow> {
  const [row] = await database.query<UserRow & { locked: boolean }>(
    'SELECT *, coalesce(locked_until > now(), false) AS locked FROM users WHERE login = $1',
    [login],
  )
  if (row?.locked) throw new CodedError('LOGIN_LOCKED', { detail: `wait ${LOCK_MINUTES} minutes` })
  const good = await matchesPassword(row?.password_hash ?? (await decoy), password)
  if (!row || !good || row.status !== 'ACTIVE') {
    if (row) await countFailure(database, row.user_id)
    throw loginRefused()
  }
  if (row.failures > 0)
    await database.execute('UPDATE users SET failures = 0 WHERE user_id = $1', [row.user_id])
  return row
}

async function principalOf(options: SessionsOptions, row: UserRow): Promise<Principal> {
  const [member] = row.member_id
    ? await options.database.query<{ name: string }>(
        'SELECT name FROM members WHERE member_id = $1',
        [row.member_id],
      )
    : []
  return {
    userId: row.user_id,
    login: row.login,
    name: row.name,
    roles: row.roles,
    ...(row.member_id === null ? {} : { memberId: row.member_id }),
    ...(member ? { memberName: member.name } : {}),
    mspId: options.mspId,
    organization: options.organization,
  }
}

async function sessionFor(
  options: SessionsOptions,
  row: UserRow,
  sessionId: string,
): Promise<Session> {
  const { database, tokens } = options
  const refreshToken = randomBytes(32).toString('base64url')
  await database.execute(
    `INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
     VALUES ($1, $2, now() + make_interval(days => $3))`,
    [hashOf(refreshToken), sessionId, REFRESH_DAYS],
  )
  const accessToken = await tokens.issue({
    userId: row.user_id,
    login: row.login,
    roles: row.roles,
    memberId: row.member_id ?? undefined,
    sessionId,
  })
  const user = await principalOf(options, row)
  return { accessToken, expiresInSeconds: tokens.lifeSeconds, refreshToken, user }
}

/** A guess that was under way when another one locked the login must not unlock it. */
async function countFailure(database: Database, userId: string): Promise<void> {
  await database.execute(
    `UPDATE users SET
       failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,
       locked_until = CASE WHEN failures + 1 >= $2 THEN now() + make_interval(mins => $3)
         ELSE locked_until END
     WHERE user_id = $1`,
    [userId, FAILURES_MAX, LOCK_MINUTES],
  )
}

/**
 * A refresh token works once. One that is used again was stolen, or its successor was: the whole session ends,
 * whoever holds it.
 */
async function redeem(database: Database, tokenHash: string): Promise<string> {
  const [fresh] = await database.query<{ session_id: string }>(
    `UPDATE refresh_tokens SET used_at = now()
     WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING session_id`,
    [tokenHash],
  )
  if (fresh) return fresh.session_id
  const [used] = await database.query<{ session_id: string }>(
    'SELECT session_id FROM refresh_tokens WHERE token_hash = $1 AND used_at IS NOT NULL',
    [tokenHash],
  )
  if (used) await closeSession(database, used.session_id)
  throw new CodedError('SESSION_ENDED', { detail: 'log in again' })
}

async function closeSession(database: Database, sessionId: string): Promise<void> {
  await database.execute('UPDATE sessions SET closed_at = now() WHERE session_id = $1', [sessionId])
}
