import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Ledger } from '../index.ts'
import { LedgerDatabase, type TableName } from '../store/database.ts'
import { CHAINCODE, type TestChannel } from './channel.ts'
import { commitNext } from './transactions.ts'

// What the tests that kill a committing process share.

const CHILD = fileURLToPath(new URL('./crash-child.ts', import.meta.url))
const BLOCKS = 40

/** Small seeded generator: a failing run is repeated with LEDGER_CRASH_SEED. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Every row of every table, except those that wait for transactions to come. */
export const dump = async (directory: string): Promise<Record<string, [string, string][]>> => {
  const database = new LedgerDatabase(join(directory, 'state'))
  const rows = (Object.keys(database.tables) as TableName[])
    .filter(name => name !== 'transient' && name !== 'transientHeights')
    .map(name => [
      name,
      [...database.tables[name].getRange({})].map(({ key, value }): [string, string] => [
        key.toString('hex'),
        value.toString('hex'),
      ]),
    ])
  await database.close()
  return Object.fromEntries(rows) as Record<string, [string, string][]>
}

export interface Script {
  readonly channelId: string
  readonly selfMspId: string
  readonly blocks: string[]
  readonly transient: { txId: string; rwset: string }[][]
}

/** A chain with public writes, key policies, private data, deletions and invalid transactions. */
export const writeScript = async (channel: TestChannel, ledger: Ledger): Promise<Script> => {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const script: Script = {
    channelId: ledger.channelId,
    selfMspId: 'Org1MSP',
    blocks: [channel.network.genesisBlock, ledger.block(1) as Uint8Array].map(base64),
    transient: [[], []],
  }
  for (let number = 2; number < BLOCKS; number += 1) {
    const shared = { namespace: CHAINCODE, key: `shared${number % 5}` }
    const mine = { namespace: CHAINCODE, key: `own${number}`, collection: '_implicit_org_Org1MSP' }
    const transactions = await Promise.all([
      channel.transact(ledger, simulation => {
        simulation.getState(shared)
        simulation.putState(shared, Buffer.from(`${number}`))
      }),
      channel.transact(ledger, simulation => {
        simulation.getState(shared)
        simulation.delState(shared)
      }),
      channel.transact(ledger, simulation => simulation.putState(mine, Buffer.from('private'))),
      channel.put(ledger, `key${number}`, 'x'.repeat(200)),
      channel.put(ledger, `key${number}`, 'refused', channel.peers(1)),
    ])
    const block = await commitNext(
      ledger,
      transactions.map(({ bytes }) => bytes),
    )
    script.blocks.push(base64(block.bytes))
    script.transient.push(
      transactions.flatMap(({ txId, results }) =>
        results.privateResults === undefined ? [] : { txId, rwset: base64(results.privateResults) },
      ),
    )
  }
  return script
}

/** Runs the child until it is done or was killed: some lines (begin, open, blocks) and a moment after its start. */
export const runUntilKilled = (
  args: readonly string[],
  kill: { readonly afterLines: number; readonly momentMs: number },
): Promise<{ readonly committed: number; readonly opened: number; readonly isDone: boolean }> =>
  new Promise((resolve, reject) => {
    const flags = ['--conditions=triflow-source', '--import', 'tsx']
    const child: ChildProcess = spawn(process.execPath, [...flags, CHILD, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const seen = { committed: 0, opened: 0, isDone: false }
    let lines = 0
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      const [what, number] = line.split(' ')
      if (what === 'open') seen.opened = Number(number)
      if (what === 'done') seen.isDone = true
      if (what === 'committed') seen.committed = Number(number)
      lines += 1
      if (lines === kill.afterLines) setTimeout(() => child.kill('SIGKILL'), kill.momentMs)
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(seen)
      else reject(new Error(`the child ended with ${code ?? signal}`))
    })
  })
