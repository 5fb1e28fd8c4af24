import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { createClient, type Client } from '../client/index.ts'

/** What the command line knows of a running network: addresses and log-ins, written by the pilot. */
export interface Access {
  readonly organizations: Readonly<Record<string, OrganizationAccess>>
}

export interface OrganizationAccess {
  readonly url: string
  readonly users: readonly { login: string; password: string; roles: readonly string[] }[]
}

/** A mistake of the person at the keyboard: one line, what to do, exit code 2. */
export class UsageFault extends Error {
  override readonly name = 'UsageFault'
}

export interface Target {
  readonly as: string | undefined
  readonly url: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
}

const ACCESS_FILES = ['.triflow/pilot-access.json', '.triflow/access.json']

function readAccess(): Access {
  const named = process.env['TRIFLOW_ACCESS']
  const file = named ?? ACCESS_FILES.find(name => existsSync(path.resolve(name)))
  if (!file || !existsSync(file))
    throw new UsageFault(
      'no running network found: start it with npm start, or give --url, --user and --password',
    )
  return JSON.parse(readFileSync(file, 'utf8')) as Access
}

/** A logged-in client: of `--url --user --password`, or of `--as ORG[:LOGIN]` from the pilot’s access file. */
export async function connectAs(target: Target): Promise<Client> {
  const { url, user, password } = target
  if (url && user && password) return logIn(url, { login: user, password })
  const [name = '', login] = (target.as ?? '').split(':')
  if (name === '') throw new UsageFault('say whose gateway it is: --as ORG, e.g. --as core')
  const organization = organizationNamed(name)
  return logIn(url ?? organization.url, userOf(organization, name, login ?? user))
}

function organizationNamed(name: string): OrganizationAccess {
  const { organizations } = readAccess()
  const found = organizations[name]
  if (found) return found
  const known = Object.keys(organizations).join(', ')
  throw new UsageFault(`no organisation ${name}; there are: ${known}`)
}

function userOf({ users }: OrganizationAccess, name: string, wanted: string | undefined) {
  const found =
    users.find(one => one.login === wanted) ??
    users.find(one => one.roles.includes(preferredRole(name)))
  if (!found) throw new UsageFault(`no user ${wanted ?? ''} of ${name} in the access file`)
  return found
}

/** A bank’s statements are attested by its treasurer; everything else an operator may hand in. */
function preferredRole(organization: string): string {
  return organization.startsWith('bank') ? 'treasurer' : 'operator'
}

async function logIn(url: string, user: { login: string; password: string }): Promise<Client> {
  const client = createClient({ url })
  try {
    await client.logIn(user.login, user.password)
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'PASSWORD_CHANGE_REQUIRED')
      throw new UsageFault(`${user.login} has a one-time password; log in at ${url} and choose one`)
    const cause = (error as { cause?: { code?: string } }).cause?.code
    if (cause === 'ECONNREFUSED') throw new UsageFault(`${url} does not answer; is the network up?`)
    throw error
  }
  return client
}
