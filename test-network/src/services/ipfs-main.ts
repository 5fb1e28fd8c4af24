// The embedded IPFS node as a process: ipfs-main FOLDER PORT
import { startEmbeddedIpfs } from '@triflow/ipfs'

const [directory, port] = process.argv.slice(2)
if (!directory || !port) {
  process.stderr.write('usage: ipfs-main FOLDER PORT\n')
  process.exit(2)
}
const node = await startEmbeddedIpfs({ directory, port: Number(port) })
process.stdout.write(`IPFS API on port ${port}, blocks in ${directory}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void node.close().finally(() => process.exit(0)))
}
