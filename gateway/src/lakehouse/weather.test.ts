/** Bad weather: broken files, a full disk, a catalogue that is away, a process that is killed, a clock set back. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import pg from 'pg'
import type { LedgerBlock } from '../platform/ledger/blocks.ts'
import { isFault } from '../platform/faults.ts'
import { silent } from '../testing/postgres.ts'
import { openEngine, type Engine } from './engine.ts'
import { keepUp, snapshotAtBlock, snapshotAtTime, UPKEEP_STEPS } from './history.ts'
import { followLedger } from './ledger/follow.ts'
import { lakeHeight } from './ledger/height.ts'
import { rebuild, rebuildingUntil, refuseWhileRebuilding } from './ledger/rebuild.ts'
import { verifyLake } from './ledger/verify.ts'
import { chainOf, ledgerOf, OWN_MSP } from './testing/chain.ts'
import { freshLake, hasExtensions } from './testing/place.ts'
import { bring, cutOff, until } from './testing/weather.ts'

const SEED = Number(process.env['LAKE_SEED'] ?? Date.now() % 1_000_000)

const verified = (engine: Engine, chain: readonly LedgerBlock[]) =>
  verifyLake({ engine, ledger: ledgerOf(chain), ownMsp: OWN_MSP })

const following = (engine: Engine, chain: readonly LedgerBlock[], pauseMs = 0) =>
  followLedger({
    engine,
    ledger: ledgerOf(chain, pauseMs),
    ownMsp: OWN_MSP,
    log: silent,
    keepBackMs: 20,
    lookMs: 500,
  })

async function fileOf(engine: Engine, schema: string, table: string): Promise<string> {
  const [row] = await engine.query<{ data_file: string }>(
    `SELECT data_file FROM ducklake_list_files('lake', '${table}', schema => '${schema}')`,
  )
  if (!row) throw new Error(`${schema}.${table} has no file`)
  return row.data_file
}

describe(`bad weather over the lake (LAKE_SEED=${SEED})`, function () {
  this.timeout(120_000)
  let place: Awaited<ReturnType<typeof freshLake>>
  let engine: Engine

  before(function () {
    if (!hasExtensions()) this.skip()
  })
  beforeEach(async () => {
    place = await freshLake()
    engine = await openEngine(place)
  })
  afterEach(() => {
    engine?.close()
    place?.remove()
  })

  it('names a broken file, answers no question with less than there was, and comes again from block 0', async () => {
    const chain = chainOf(SEED, 120)
    await bring(engine, chain)
    const file = await fileOf(engine, 'bronze', 'writes')
    const whole = readFileSync(file)
    const count = 'SELECT count(*) AS n, max(value) AS v FROM lake.bronze.writes'
    const before = await engine.query(count)
    // A byte of each part of the file: its pages, and what says where they are. Some say nothing that is needed.
    let named = 0
    for (const share of [0.001, 0.2, 0.4, 0.6, 0.8, 0.97]) {
      const flipped = Buffer.from(whole)
      const at = Math.floor(flipped.length * share)
      flipped[at] = (flipped[at] ?? 0) ^ 0x55
      writeFileSync(file, flipped)
      const { equal } = await verified(engine, chain)
      named += equal ? 0 : 1
      if (equal) expect(await engine.query(count), `byte ${at}`).to.deep.equal(before)
    }
    expect(named).to.be.greaterThan(3)
    truncateSync(file, Math.floor(whole.length / 2))
    const report = await verified(engine, chain)
    expect(report.broken.map(one => one.file)).to.deep.equal([file])
    const asked = await engine.query(count).catch((error: unknown) => error)
    expect(isFault(asked, 'LAKE_QUERY')).to.equal(true)
    rmSync(file)
    expect((await verified(engine, chain)).broken).to.have.lengthOf(1)

    expect(await rebuild(engine)).to.equal(119n)
    const refused = await refuseWhileRebuilding(engine).catch((error: unknown) => error)
    expect(isFault(refused, 'LAKE_REBUILDING')).to.equal(true)
    const follower = following(engine, chain)
    await until(() => follower.height() === 119n)
    await follower.close()
    expect(await rebuildingUntil(engine)).to.equal(undefined)
    await refuseWhileRebuilding(engine)
    expect(await engine.query(count)).to.deep.equal(before)
    expect((await verified(engine, chain)).equal).to.equal(true)
    const past = await openEngine({
      ...place,
      reading: { snapshot: await snapshotAtBlock(engine, 20n) },
    })
    expect(await past.query(count)).to.have.lengthOf(1)
    past.close()
  })

  it('begins again by itself when a rebuild comes under the one who follows', async () => {
    const chain = chainOf(SEED, 80)
    const follower = following(engine, chain, 5)
    await until(() => follower.height() > 30n)
    const other = await openEngine(place)
    let begun: bigint | undefined
    // Two that write at once: one fails, and tries again.
    await until(async () => {
      begun = await rebuild(other).catch(() => undefined)
      return begun !== undefined
    })
    other.close()
    expect(Number(begun)).to.be.greaterThan(29)
    await until(async () => (await lakeHeight(engine)) === 79n)
    await follower.close()
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('stands still on a full disk, shows nothing half written, and goes on when there is room', async function () {
    const small = path.join(path.dirname(place.dataPath), 'small')
    mkdirSync(small)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small])
    if (mounted.status !== 0) return void this.skip()
    const filler = path.join(small, 'filler')
    const tight = await freshLake(path.join(small, 'files'))
    const cramped = await openEngine(tight)
    try {
      const chain = chainOf(SEED, 300)
      await bring(cramped, chain.slice(0, 60))
      fill(filler)
      const follower = following(cramped, chain)
      await until(() => follower.fault() !== undefined)
      expect(follower.fault()).to.match(/No space left|space/i)
      const height = Number(await lakeHeight(cramped))
      expect(height).to.be.lessThan(299)
      const [seen] = await cramped.query<{ blocks: string; writes: string }>(
        `SELECT (SELECT count(*) FROM lake.bronze.blocks) AS blocks,
           (SELECT count(*) - (SELECT sum(writes) FROM lake.bronze.blocks)
            FROM lake.bronze.writes) AS writes`,
      )
      expect(seen).to.deep.equal({ blocks: String(height + 1), writes: '0' })
      rmSync(filler)
      await until(() => follower.height() === 299n)
      expect(follower.fault()).to.equal(undefined)
      await follower.close()
      expect((await verified(cramped, chain)).equal).to.equal(true)
    } finally {
      cramped.close()
      spawnSync('umount', ['--lazy', small])
      tight.remove()
    }
  })

  it('loses nothing when the catalogue goes away in the middle of putting files in order', async () => {
    const chain = chainOf(SEED, 60)
    await bring(engine, chain.slice(0, 30), 10)
    await keepUp(engine, 1)
    await bring(engine, chain.slice(30), 10)
    const broken: string[] = []
    for (const step of ['FLUSH', 'MERGE'] as const) {
      let away: Promise<void> | undefined
      const outcome = await keepUp(engine, 1, begun => {
        if (begun === step) away = cutOff(place, true)
      }).catch((error: unknown) => (isFault(error) ? error.code : String(error)))
      await away
      await cutOff(place, false)
      broken.push(typeof outcome === 'string' ? outcome : 'DONE')
      await until(() =>
        lakeHeight(engine).then(
          height => height === 59n,
          () => false,
        ),
      )
      expect((await verified(engine, chain)).equal, step).to.equal(true)
    }
    expect(broken).to.include('LAKE_QUERY')
    await keepUp(engine, 0)
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('has every row once when its process is killed at any step of putting files in order', async () => {
    const chain = chainOf(SEED, 120)
    const { remove: _, ...options } = place
    for (const [at, step] of UPKEEP_STEPS.entries()) {
      await bring(engine, chain.slice(at * 20, at * 20 + 20), 4)
      expect(await killedAt(step, options)).to.include(step)
      const height = BigInt(at * 20 + 19)
      expect(await lakeHeight(engine)).to.equal(height)
    }
    expect((await verified(engine, chain)).equal).to.equal(true)
    await keepUp(engine, 0)
    expect((await verified(engine, chain)).equal).to.equal(true)
  })

  it('goes on when the clock is set back by a day', async () => {
    const chain = chainOf(SEED, 60)
    await bring(engine, chain.slice(0, 30), 3)
    const client = new pg.Client({ connectionString: place.catalogUrl })
    await client.connect()
    await client.query(
      `UPDATE lake.ducklake_snapshot SET snapshot_time = snapshot_time + interval '1 day'`,
    )
    await client.end()
    await bring(engine, chain.slice(30), 3)
    await keepUp(engine, 1)
    expect((await verified(engine, chain)).equal).to.equal(true)
    expect(await snapshotAtTime(engine, new Date())).to.equal(
      await snapshotAtTime(engine, new Date(Date.now() + 60_000)),
    )
    expect(await snapshotAtBlock(engine, 10n)).to.be.a('bigint')
  })
})

/** Until not one byte more goes in. */
function fill(file: string): void {
  const handle = openSync(file, 'w')
  try {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 2))
      try {
        for (;;) writeFileSync(handle, Buffer.alloc(size))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
  } finally {
    closeSync(handle)
  }
}

/** What the process had said when it was killed. */
async function killedAt(step: string, options: object): Promise<string[]> {
  const file = fileURLToPath(new URL('./testing/keeper.ts', import.meta.url))
  const node = ['--conditions=triflow-source', '--import', 'tsx', file, JSON.stringify(options)]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const said: string[] = []
  for await (const chunk of child.stdout) {
    said.push(...String(chunk).trim().split('\n'))
    // Some milliseconds into it, another number each time.
    if (said.includes(step)) setTimeout(() => child.kill('SIGKILL'), SEED % 40)
  }
  await ended
  return said
}
