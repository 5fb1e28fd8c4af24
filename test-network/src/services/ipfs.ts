import path from 'node:path'
import type { ServiceChoice } from '../supervisor/spec.ts'
import { nodeProcess } from '../supervisor/layout.ts'
import { httpOk, poll } from '../supervisor/waiting.ts'

/** IPFS: `IPFS_API` (a Kubo RPC address), else the embedded node as a process of its own. */
export function chooseIpfs(options: {
  readonly stateFolder: string
  readonly port: number
}): ServiceChoice {
  const given = process.env['IPFS_API']
  if (given)
    return { slot: 'ipfs', line: `IPFS: IPFS_API (${given})`, degraded: false, address: given }
  const address = `http://127.0.0.1:${options.port}`
  const { command, args } = nodeProcess('test-network', 'services/ipfs-main')
  return {
    slot: 'ipfs',
    line: `IPFS: embedded node on port ${options.port} (one machine, no peers; set IPFS_API for Kubo)`,
    degraded: true,
    address,
    process: {
      name: 'ipfs',
      command,
      args: [...args, path.join(options.stateFolder, 'ipfs'), String(options.port)],
      ready: signal => poll(() => httpOk(`${address}/api/v0/id`, { method: 'POST' }), signal),
    },
  }
}
