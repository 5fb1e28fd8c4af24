import { randomBytes, randomUUID } from 'node:crypto'
import type { Database, Row } from '../platform/database/database.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { CodedError, unknownObject } from '../platform/faults.ts'
import type { Role } from '../platform/http/route.ts'
import { createIdentity, subjectOf, type LedgerIdentity } from '../platform/ledger/signer.ts'
import type { Secrets } from '../platform/secrets.ts'
import { generateKeyPair, type EnrolmentAuthority } from './enrolment/authority.ts'
import { hashPassword } from './passwords.ts'

export interface UserRow extends Row {
  user_id: string
  login: string
  name: string
  password_hash: string
  roles: Role[]
  member_id: string | null
  status: 'ACTIVE' | 'DISABLED'
  certificate: string
  sealed_key: Buffer
  /** Somebody else set the password: it is good for choosing another one and for nothing else. */
  password_one_time: boolean
  failures: number
  locked_until: string | null
  created_at: string
}

export interface NewUser {
  readonly login: string
  readonly name: string
  readonly password: string
  /** True where the password is handed over by the person who enrols the user. */
  readonly oneTime?: boolean
  readonly roles: readonly Role[]
  readonly memberId?: string | undefined
}

export interface Users {
  create(fresh: NewUser): Promise<UserRow>
  disable(userId: string): Promise<UserRow>
  find(userId: string): Promise<UserRow | undefined>
  list(filter: {
    memberId?: string | undefined
    cursor?: string | undefined
    limit: number
  }): Promise<{
    items: ReturnType<typeof userView>[]
    nextCursor?: string
  }>
  /**
   * The wallet: who signs when this user writes to the ledger. Throws USER_DISABLED: what such a user has
   * begun goes no further than what is signed.
   */
  signerOf(userId: string): Promise<LedgerIdentity>
  isEmpty(): Promise<boolean>
}

const SIGNERS_MAX = 200

export interface UsersOptions {
  readonly database: Database
  readonly secrets: Secrets
  readonly authority: EnrolmentAuthority
  readonly mspId: string
}

export function createUsers(options: UsersOptions): Users {
  const { database, secrets } = options
  const signers = new Map<string, LedgerIdentity>()
  const find = (userId: string) => findUser(database, userId)
  return {
    find,
    create: fresh => createUser(options, fresh),
    disable: userId => disableUser(database, userId),
    async list(filter) {
      const where = new Where().maybe('member_id = ?', filter.memberId)
      const after = decodeCursor(filter.cursor, 1)
      if (after) where.and('login > ?', after[0])
      const rows = await database.query<UserRow>(
        `SELECT * FROM users ${where.sql} ORDER BY login LIMIT ${filter.limit + 1}`,
        where.values,
      )
      return page(rows, filter.limit, { key: row => [row.login], item: userView })
    },
    async signerOf(userId) {
      await requireActive(database, userId)
      const known = signers.get(userId)
      if (known) return known
      const row = await find(userId)
      if (!row) throw unknownObject('user')
      const identity = createIdentity({
        mspId: options.mspId,
        certificatePem: row.certificate,
        privateKeyPem: secrets.open('wallet', row.sealed_key).toString(),
      })
      if (signers.size >= SIGNERS_MAX) signers.clear()
      signers.set(userId, identity)
      return identity
    },
    async isEmpty() {
      return (await database.query('SELECT 1 FROM users LIMIT 1')).length === 0
    },
  }
}

async function findUser(database: Database, userId: string): Promise<UserRow | undefined> {
  const [row] = await database.query<UserRow>('SELECT * FROM users WHERE user_id = $1', [userId])
  return row
}

/** Asked for every signature: the user may have been disabled by another process. */
async function requireActive(database: Database, userId: string): Promise<void> {
  const [row] = await database.query<{ status: UserRow['status'] }>(
    'SELECT status FROM users WHERE user_id = $1',
    [userId],
  )
  if (row?.status === 'DISABLED') throw new CodedError('USER_DISABLED')
}

async function enrol(
  { authority, secrets }: UsersOptions,
  fresh: NewUser,
): Promise<{ certificate: string; sealedKey: Buffer }> {
  const keys = generateKeyPair()
  const certificate = await authority.enrol({
    // A pseudonym: certificates are seen by every organisation.
    commonName: `u${randomBytes(8).toString('hex')}`,
    publicKeyPem: keys.publicKeyPem,
    attributes: {
      role: fresh.roles.join(','),
      ...(fresh.memberId === undefined ? {} : { memberId: fresh.memberId }),
    },
  })
  return { certificate, sealedKey: secrets.seal('wallet', Buffer.from(keys.privateKeyPem)) }
}

async function createUser(options: UsersOptions, fresh: NewUser): Promise<UserRow> {
  const { database } = options
  refuseMixedRoles(fresh.roles)
  if (fresh.memberId !== undefined) await requireOwnMember(database, fresh.memberId)
  const { certificate, sealedKey } = await enrol(options, fresh)
  const [row] = await database.query<UserRow>(
    `INSERT INTO users (user_id, login, name, password_hash, roles, member_id, certificate, sealed_key,
       password_one_time)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (login) DO NOTHING RETURNING *`,
    [
      randomUUID(),
      fresh.login,
      fresh.name,
      await hashPassword(fresh.password),
      fresh.roles,
      fresh.memberId ?? null,
      certificate,
      sealedKey,
      fresh.oneTime ?? false,
    ],
  )
  if (!row) throw new CodedError('LOGIN_TAKEN')
  return row
}

async function disableUser(database: Database, userId: string): Promise<UserRow> {
  const [row] = await database.query<UserRow>(
    `UPDATE users SET status = 'DISABLED' WHERE user_id = $1 RETURNING *`,
    [userId],
  )
  if (!row) throw unknownObject('user')
  await database.execute(
    'UPDATE sessions SET closed_at = now() WHERE user_id = $1 AND closed_at IS NULL',
    [userId],
  )
  return row
}

/** Maker and checker in one hand would make the second pair of eyes the first. */
function refuseMixedRoles(roles: readonly Role[]): void {
  if (roles.includes('maker') && roles.includes('checker'))
    throw new CodedError('MAKER_IS_CHECKER', { detail: 'one person is maker or checker, not both' })
}

async function requireOwnMember(database: Database, memberId: string): Promise<void> {
  const [row] = await database.query('SELECT 1 FROM members WHERE member_id = $1 AND own', [
    memberId,
  ])
  if (!row) throw unknownObject('member')
}

export function userView(row: UserRow) {
  return {
    userId: row.user_id,
    login: row.login,
    name: row.name,
    roles: row.roles,
    ...(row.member_id === null ? {} : { memberId: row.member_id }),
    status: row.status,
    passwordOneTime: row.password_one_time,
    certificateSubject: subjectOf(row.certificate).subject,
    createdAt: row.created_at,
  }
}
