// The embedded IPFS node as a process: ipfs-main FOLDER PORT
import { startEmbeddedIpfs } from '@triflow/ipfs'

async function main([directory, port]: readonly string[]): Promise<void> {
  if (!directory || !port) throw new Error('usage: ipfs-main FOLDER PORT')
  const node = await startEmbeddedIpfs({ directory, port: Number(port) })
  process.stdout.write(`IPFS API on port ${port}, blocks in ${directory}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void node.close().finally(() => process.exit(0)))
  }
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  process.stderr.write(`${(fault as Error).message}\n`)
  process.exit(2)
})
