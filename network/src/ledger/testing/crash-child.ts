import { readFileSync } from 'node:fs'
import { openChain, openLedger, type Chain, type Ledger } from '../index.ts'
import { createMsp, readChannelConfig } from '../../msp/index.ts'
import { trustOf } from '../trust.ts'

// A process that commits prepared blocks as fast as it can and says so, line by line; the test
// kills it at any moment and starts it again. With a third argument it is a node that only orders.

interface Script {
  readonly channelId: string
  readonly selfMspId: string
  /** Base64, block 0 first. */
  readonly blocks: readonly string[]
  readonly transient: readonly (readonly { readonly txId: string; readonly rwset: string }[])[]
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64')

const open = (directory: string, script: Script, isPeer: boolean): Promise<Chain | Ledger> => {
  const genesisBlock = bytesOf(script.blocks[0] as string)
  const { channelId, selfMspId } = script
  if (!isPeer) return openChain({ directory, channelId, genesisBlock })
  const config = readChannelConfig(genesisBlock)
  const trust = trustOf(createMsp(config), config)
  return openLedger({ directory, channelId, genesisBlock, selfMspId, trust })
}

const main = async (): Promise<void> => {
  const [directory, scriptFile, orders] = process.argv.slice(2) as [string, string, string?]
  const script = JSON.parse(readFileSync(scriptFile, 'utf8')) as Script
  process.stdout.write('begin\n')
  const ledger = await open(directory, script, orders === undefined)
  process.stdout.write(`open ${ledger.height()}\n`)
  for (let number = ledger.height(); number < script.blocks.length; number += 1) {
    for (const { txId, rwset } of script.transient[number] ?? []) {
      if ('putTransient' in ledger) await ledger.putTransient(txId, bytesOf(rwset))
    }
    await ledger.commit(bytesOf(script.blocks[number] as string))
    process.stdout.write(`committed ${number}\n`)
  }
  await ledger.close()
  process.stdout.write('done\n')
}

await main()
