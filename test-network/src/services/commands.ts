import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** The first of the named executables on PATH. */
export function onPath(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean)
  for (const name of names) {
    for (const folder of folders) {
      const candidate = path.join(folder, name)
      try {
        accessSync(candidate, constants.X_OK)
        return candidate
      } catch {
        continue
      }
    }
  }
  return undefined
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  readonly timeoutMs?: number
}

/** Runs a command to its end and returns its output; a non-zero end is an error that carries stderr's tail. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      timeout: options.timeoutMs ?? 300_000,
    })
    let output = ''
    let faults = ''
    child.stdout.on('data', chunk => (output += String(chunk)))
    child.stderr.on('data', chunk => (faults = (faults + String(chunk)).slice(-4_000)))
    child.once('error', reject)
    child.once('close', code => {
      if (code === 0) resolve(output)
      else reject(new Error(`${path.basename(command)} ended with ${code}: ${faults.trim()}`))
    })
  })
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** Installs Debian packages when this process may; false when it may not or apt is absent. */
export async function aptInstall(
  packages: readonly string[],
  say: (line: string) => void,
): Promise<boolean> {
  const apt = onPath('apt-get')
  if (!apt || !isRoot()) return false
  say(`Installing ${packages.join(' ')} with apt-get ...`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  try {
    await runCommand(apt, install, { env })
  } catch {
    // A fresh machine has no package lists yet: fetch them once, then try again.
    await runCommand(apt, ['update'], { env })
    await runCommand(apt, install, { env })
  }
  return true
}
