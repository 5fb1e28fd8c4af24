import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import pg from 'pg'
import { createSupervisor, type Supervisor } from '../supervisor/supervisor.ts'
import { chooseIpfs, choosePostgres, chooseRedis, createDatabase } from './index.ts'
import { ping } from './redis.ts'

const ports = { postgres: 32_001, redis: 32_002, ipfs: 32_003 }

describe('services', function () {
  this.timeout(60_000)
  let stateFolder: string
  let supervisor: Supervisor
  const say = () => undefined

  before(async () => {
    stateFolder = mkdtempSync(path.join(os.tmpdir(), 'triflow-services-'))
    supervisor = await createSupervisor({ stateFolder })
  })

  after(async () => {
    await supervisor.stop()
    rmSync(stateFolder, { recursive: true, force: true })
  })

  it('start PostgreSQL with a closed database per organisation', async function () {
    const choice = await choosePostgres({ stateFolder, port: ports.postgres, say })
    if (choice.process) await supervisor.start(choice.process)
    const [core] = await Promise.all([
      createDatabase(choice.address, { name: 'core_test', password: 'one' }),
      createDatabase(choice.address, { name: 'bank_test', password: 'two' }),
    ])
    const own = new pg.Client({ connectionString: core })
    await own.connect()
    await own.query('create table sign (of text)')
    await own.end()
    const foreign = new URL(core)
    foreign.pathname = '/bank_test'
    const intruder = new pg.Client({ connectionString: foreign.toString() })
    const refusal = await intruder.connect().then(
      () => undefined,
      (fault: { code: string }) => fault.code,
    )
    expect(refusal).to.equal('42501')
  })

  it('bring PostgreSQL back after kill -9 with what was committed', async () => {
    const choice = await choosePostgres({ stateFolder, port: ports.postgres, say })
    if (!choice.process) return
    expect(supervisor.signal('postgres', 'SIGKILL')).to.equal(true)
    await until(() => supervisor.status().some(one => one.restarts === 1 && one.phase === 'ready'))
    const core = await createDatabase(choice.address, { name: 'core_test', password: 'one' })
    const own = new pg.Client({ connectionString: core })
    await own.connect()
    expect((await own.query('select of from sign')).rowCount).to.equal(0)
    await own.end()
  })

  it('start Redis behind a password', async () => {
    const choice = await chooseRedis({ stateFolder, port: ports.redis, say })
    if (choice.process) await supervisor.start(choice.process)
    await ping(choice.address)
    const open = new URL(choice.address)
    open.password = 'guess'
    const refused = await ping(open.toString()).catch((fault: Error) => fault.message)
    expect(refused).to.match(/WRONGPASS/)
  })

  it('start the embedded IPFS node as a process of its own', async () => {
    const choice = chooseIpfs({ stateFolder, port: ports.ipfs })
    if (choice.process) await supervisor.start(choice.process)
    const answer = await fetch(`${choice.address}/api/v0/version`, { method: 'POST' })
    expect(answer.status).to.equal(200)
  })
})

async function until(claim: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!claim()) {
    if (Date.now() > deadline) throw new Error('never came true')
    await new Promise(resolve => setImmediate(resolve))
  }
}
