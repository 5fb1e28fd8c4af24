// Which Node runs the product. No dependency but Node itself.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url))
const named = process.env.TRIFLOW_NODE
const locked = path.join(modules, `node-${process.platform}-${process.arch}/bin/node`)

/** True for packages of the lock file that are a Node for this kind of machine. */
export const isRuntime = place => locked.startsWith(path.join(modules, '..', place, '/'))

/**
 * The Node of TRIFLOW_NODE, else the one that package-lock.json names for this kind of machine, else the one that runs
 * this (ADR 0011). Ask after the installation.
 */
export function runtime() {
  if (named)
    return runs(named) ? named : fail(`TRIFLOW_NODE=${named} is not a Node that runs here.`)
  return existsSync(locked) && runs(locked) ? locked : process.execPath
}

const known = new Map()
function runs(file) {
  if (!known.has(file)) known.set(file, spawnSync(file, ['--version']).status === 0)
  return known.get(file)
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
