import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { startedAt } from './child.ts'
import { memoryOf } from './resources.ts'
import type { ProcessSpec } from './spec.ts'
import { createSupervisor, type Supervisor, type SupervisorEvent } from './supervisor.ts'
import { poll } from './waiting.ts'

describe('the supervisor', function () {
  this.timeout(20_000)
  let stateFolder: string
  let supervisor: Supervisor
  let events: SupervisorEvent[]

  beforeEach(async () => {
    stateFolder = mkdtempSync(path.join(os.tmpdir(), 'triflow-supervisor-'))
    events = []
    supervisor = await createSupervisor({ stateFolder, onEvent: event => events.push(event) })
  })
  afterEach(async () => {
    await supervisor.stop()
    rmSync(stateFolder, { recursive: true, force: true })
  })

  /** A process that writes a file when it runs and another when it is asked to end. */
  const worker = (name: string, after: readonly string[] = []): ProcessSpec => {
    const up = path.join(stateFolder, `${name}.up`)
    const down = path.join(stateFolder, `${name}.down`)
    const script = `
      const fs = require('node:fs')
      fs.writeFileSync(${JSON.stringify(up)}, String(process.pid))
      process.on('SIGTERM', () => { fs.writeFileSync(${JSON.stringify(down)}, String(process.hrtime.bigint())); process.exit(0) })
      setInterval(() => {}, 1000)`
    return {
      name,
      command: process.execPath,
      args: ['-e', script],
      after,
      ready: signal =>
        poll(async () => {
          const alive = supervisor.status().find(one => one.name === name)?.pid
          if (readFileSync(up, 'utf8') !== String(alive)) throw new Error('not yet')
        }, signal),
    }
  }
  const untilEvent = (what: SupervisorEvent['what'], name: string, count = 1): Promise<void> =>
    poll(async () => {
      const seen = events.filter(one => one.what === what && one.name === name)
      if (seen.length < count) throw new Error('not yet')
    }, AbortSignal.timeout(10_000))

  it('starts a process only when those it comes after are ready', async () => {
    await Promise.all([supervisor.start(worker('base')), supervisor.start(worker('top', ['base']))])
    const order = events.map(one => `${one.name} ${one.what}`)
    expect(order.indexOf('base ready')).to.be.below(order.indexOf('top started'))
  })

  it('brings back what was killed, as often as it is killed', async () => {
    await supervisor.start(worker('victim'))
    for (const count of [2, 3]) {
      expect(supervisor.signal('victim', 'SIGKILL')).to.equal(true)
      await untilEvent('ready', 'victim', count)
    }
    expect(supervisor.status()[0]).to.include({ phase: 'ready', restarts: 2 })
  })

  it('stops a process before those it came after', async () => {
    await supervisor.start(worker('base'))
    await supervisor.start(worker('top', ['base']))
    await supervisor.stop()
    const stoppedAt = (name: string): bigint =>
      BigInt(readFileSync(path.join(stateFolder, `${name}.down`), 'utf8'))
    expect(stoppedAt('top') < stoppedAt('base')).to.equal(true)
    expect(supervisor.status().every(one => one.phase === 'stopped')).to.equal(true)
  })

  it('starts nothing any more once it is stopping, not even what waited for another', async () => {
    const base = supervisor.start(worker('base'))
    const waiting = supervisor.start(worker('waiting', ['base']))
    const stopped = supervisor.stop()
    const late = supervisor.start(worker('late'))
    const ends = await Promise.allSettled([base, waiting, late, stopped])
    expect(ends.map(({ status }) => status)).to.deep.equal([
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    const started = events.filter(({ what }) => what === 'started').map(({ name }) => name)
    expect(started).to.not.include('waiting')
    expect(started).to.not.include('late')
  })

  it('says why a process did not start, with the end of its log', async () => {
    const spec: ProcessSpec = {
      name: 'broken',
      command: process.execPath,
      args: ['-e', 'console.error("no such table"); process.exit(3)'],
      ready: () => new Promise(() => undefined),
    }
    const fault = await supervisor.start(spec).catch((reason: Error) => reason)
    expect((fault as Error).message).to.match(/broken ended with 3.*no such table/s)
  })

  it('ends what a supervisor killed before it left behind, and nothing that only has its number', async () => {
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
      stdio: 'ignore',
    })
    const pid = orphan.pid ?? -1
    const gone = new Promise(resolve => orphan.once('exit', resolve))
    const pids = path.join(stateFolder, 'pids')
    mkdirSync(pids, { recursive: true })
    writeFileSync(path.join(pids, 'orphan'), `${pid} ${startedAt(pid)}`)
    writeFileSync(path.join(pids, 'stranger'), `${process.pid} 1`)
    const next = await createSupervisor({ stateFolder })
    await gone
    expect(existsSync(path.join(pids, 'orphan'))).to.equal(false)
    expect(existsSync(path.join(pids, 'stranger'))).to.equal(false)
    await next.stop()
  })

  it('sums the memory of everything it runs', async function () {
    if (!existsSync('/proc/self/smaps_rollup')) return
    await supervisor.start(worker('one'))
    const one = (await memoryOf(supervisor)) ?? 0
    await supervisor.start(worker('two'))
    const two = (await memoryOf(supervisor)) ?? 0
    expect(two).to.be.greaterThan(one)
  })
})
