import { hash } from '@node-rs/argon2'
import { randomBytes, randomUUID } from 'node:crypto'
import type { Database, Row } from '../platform/database/database.ts'
import { decodeCursor, page, Where } from '../platform/database/paging.ts'
import { CodedError, unknownObject } from '../platform/faults.ts'
import type { Role } from '../platform/http/route.ts'
import { createIdentity, subjectOf, type LedgerIdentity } from '../platform/ledger/signer.ts'
import type { Secrets } from '../platform/secrets.ts'
import { generateKeyPair, type EnrolmentAuthority } from './enrolment/authority.ts'

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
  failures: number
  locked_until: string | null
  created_at: string
}

export interface NewUser {
  readonly login: string
  readonly name: string
  readonly password: string
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
  /** The wallet: who signs when this user writes to the ledger. */
  signerOf(userId: string): Promise<LedgerIdentity>
  isEmpty(): Promise<boolean>
}

// OWASP’s minimum for argon2id: 19 MiB, two passes; one thread, because the machine is shared.
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const SIGNERS_MAX = 200

export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2)
}

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
    `INSERT INTO users (user_id, login, name, password_hash, roles, member_id, certificate, sealed_key)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (login) DO NOTHING RETURNING *`,
    [
      randomUUID(),
      fresh.login,
      fresh.name,
      await hashPassword(fresh.password),
      fresh.roles,
      fresh.memberId ?? null,
      certificate,
      sealedKey,
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
    certificateSubject: subjectOf(row.certificate).subject,
    createdAt: row.created_at,
  }
}
