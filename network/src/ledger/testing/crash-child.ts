import { readFileSync } from 'node:fs'
import { openLedger } from '../index.ts'
import { createMsp, readChannelConfig } from '../../msp/index.ts'
import { trustOf } from '../trust.ts'

// A process that commits prepared blocks as fast as it can and says so, line by line; the test
// kills it at any moment and starts it again.

interface Script {
  readonly channelId: string
  readonly selfMspId: string
  /** Base64, block 0 first. */
  readonly blocks: readonly string[]
  readonly transient: readonly (readonly { readonly txId: string; readonly rwset: string }[])[]
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64')

const main = async (): Promise<void> => {
  const [directory, scriptFile] = process.argv.slice(2) as [string, string]
  const script = JSON.parse(readFileSync(scriptFile, 'utf8')) as Script
  const genesisBlock = bytesOf(script.blocks[0] as string)
  const config = readChannelConfig(genesisBlock)
  const { channelId, selfMspId } = script
  const trust = trustOf(createMsp(config), config)
  const ledger = await openLedger({ directory, channelId, genesisBlock, selfMspId, trust })
  process.stdout.write(`open ${ledger.height()}\n`)
  for (let number = ledger.height(); number < script.blocks.length; number += 1) {
    for (const { txId, rwset } of script.transient[number] ?? []) {
      await ledger.putTransient(txId, bytesOf(rwset))
    }
    await ledger.commit(bytesOf(script.blocks[number] as string))
    process.stdout.write(`committed ${number}\n`)
  }
  await ledger.close()
  process.stdout.write('done\n')
}

await main()
