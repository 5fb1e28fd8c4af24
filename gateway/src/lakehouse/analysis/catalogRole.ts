/**
 * A role of PostgreSQL for the processes that analysts' queries run in: it may read the catalogue of the lake and
 * nothing else of the organisation's database. Its password is derived from the organisation's secret, so each process
 * of the gateway knows it and none hands it on; PostgreSQL is given what SCRAM checks it with (RFC 5803), never the
 * password itself, which would come into its log.
 */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { Database, Queryable } from '../../platform/database/database.ts'
import type { Secrets } from '../../platform/secrets.ts'

export interface CatalogRole {
  readonly url: string
  /** True where the database's user may not make roles: then sandboxes read with that user. */
  readonly isOwner: boolean
}

const LOCK = 7_274_012
const ITERATIONS = 4_096

/** The same at every start; a new root secret makes a new password. */
export async function catalogRole(
  database: Database,
  options: { readonly databaseUrl: string; readonly secrets: Pick<Secrets, 'derive'> },
): Promise<CatalogRole> {
  const password = options.secrets.derive('lake catalogue reader').toString('base64url')
  const name = await database.transaction(tx => makeRole(tx, password, options.secrets))
  if (name === undefined) return { url: options.databaseUrl, isOwner: true }
  const url = new URL(options.databaseUrl)
  url.username = name
  url.password = password
  return { url: url.href, isOwner: false }
}

/** Undefined where this user may not make one, and nobody has made it for us. */
async function makeRole(
  tx: Queryable,
  password: string,
  secrets: Pick<Secrets, 'derive'>,
): Promise<string | undefined> {
  // Two processes that alter one role at once are one too many for PostgreSQL.
  await tx.execute('SELECT pg_advisory_xact_lock($1)', [LOCK])
  const [now] = await tx.query<{ database: string; may: boolean; there: boolean }>(
    `SELECT current_database() AS database, rolcreaterole OR rolsuper AS may,
       EXISTS (SELECT FROM pg_roles WHERE rolname = $1 || md5(current_database())) AS there
     FROM pg_roles WHERE rolname = current_user`,
    [PREFIX],
  )
  if (!now?.may) return undefined
  const name = PREFIX + createHash('md5').update(now.database).digest('hex')
  const salt = secrets.derive('lake catalogue reader, salt').subarray(0, 16)
  await tx.execute(
    `${now.there ? 'ALTER' : 'CREATE'} ROLE ${name} LOGIN NOINHERIT CONNECTION LIMIT 32
       PASSWORD '${scramVerifier(password, salt)}'`,
  )
  for (const sql of GRANTS) await tx.execute(sql.replaceAll('$role', name))
  return name
}

/** Roles belong to the whole server, and several organisations may share one: the database is in the name. */
const PREFIX = 'triflow_lake_reader_'

/** Also for tables that come later: DuckLake keeps rows of small commits in tables that it makes as it goes. */
const GRANTS = [
  `DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO $role', current_database()); END $$`,
  'GRANT USAGE ON SCHEMA lake TO $role',
  'GRANT SELECT ON ALL TABLES IN SCHEMA lake TO $role',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA lake GRANT SELECT ON TABLES TO $role',
  'ALTER ROLE $role SET default_transaction_read_only = on',
]

/** What PostgreSQL keeps of a password in letters of ASCII. */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  const server = key('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`
}
