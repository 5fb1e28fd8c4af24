// What both commands of the README need before anything else runs. No dependency but Node itself.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build, buildPortals, root } from './build.mjs'
import { bringExtensions } from './extensions.mjs'
import { isRuntime, runtime } from './runtime.mjs'

const NODE_LEAST = [20, 19]

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1])) return
  fail(`Node.js ${process.versions.node} is too old: install ${NODE_LEAST.join('.')} or newer.`)
}

/** Installs exactly what package-lock.json names, unless that was done before. */
function installDependencies() {
  const lock = readFileSync(path.join(root, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex')
  const stamp = path.join(root, 'node_modules/.triflow-lock')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return
  if (isInstalled()) {
    writeFileSync(stamp, digest)
    return
  }
  process.stderr.write('Installing the locked dependencies (about 600 packages) ...\n')
  const started = Date.now()
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync(npm, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0)
    fail(
      'npm ci failed: check that the npm registry is reachable, then run the same command again.',
    )
  writeFileSync(stamp, digest)
  process.stderr.write(`Installed in ${Math.round((Date.now() - started) / 1000)} s\n`)
}

/** True when npm's own record of node_modules agrees with the lock file, package by package. */
function isInstalled() {
  const record = path.join(root, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const packages = file => JSON.parse(readFileSync(file, 'utf8')).packages
  const wanted = packages(path.join(root, 'package-lock.json'))
  const found = packages(record)
  return Object.entries(wanted).every(
    ([place, { version, optional, link }]) =>
      !place.startsWith('node_modules/') ||
      link ||
      (optional && !isRuntime(place)) ||
      found[place]?.version === version,
  )
}

/** Checks Node, installs, builds; what only a lake needs is brought where there is to be one. */
export function setUp({ lakes = true } = {}) {
  checkNode()
  installDependencies()
  if (lakes) bringExtensions()
  build()
  buildPortals()
}

/** Hands over to a Node program, passes signals on, and ends as it ends. */
export function handOver(file, args, env = {}) {
  const child = spawn(runtime(), [path.join(root, file), ...args], {
    stdio: 'inherit',
    cwd: root,
    env: { ...process.env, ...env },
  })
  // Ctrl-C reaches the child as well, since both are in the terminal's group: here it must only not end us first.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
}
