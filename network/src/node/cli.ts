// The command line of a network: `npm run network -- COMMAND --dir DIR`.
import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chaincodePackage } from './chaincode-package.ts'
import * as control from './control.ts'
import { NetworkFault, textOf } from './fault.ts'
import { writeWhole } from './folder.ts'

const USAGE = `usage: network COMMAND --dir DIR
  up --config FILE [--ledger embedded|fabric]   bring the network up, or resume it
  deploy --config FILE                          approve, commit and bind a chaincode
  status [--json]                               nodes, their processes and heights
  stop NODE [--kill]   start NODE               one node by its full name
  down [--wipe]                                 stop every node; --wipe deletes DIR
  package --label LABEL [--out FILE]            the package of a chaincode service, and its id
`

const options = {
  dir: { type: 'string' },
  config: { type: 'string' },
  ledger: { type: 'string' },
  label: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  kill: { type: 'boolean' },
  wipe: { type: 'boolean' },
} as const

type Values = Partial<{
  dir: string
  config: string
  ledger: string
  label: string
  out: string
  json: boolean
  kill: boolean
  wipe: boolean
}>

const started = Date.now()
const progress = (text: string): void => {
  process.stderr.write(`[${((Date.now() - started) / 1000).toFixed(1)} s] ${text}\n`)
}

function need(values: Values, name: 'dir' | 'config' | 'label'): string {
  const value = values[name]
  if (value === undefined) throw new NetworkFault('USAGE', `--${name} is missing\n${USAGE}`)
  return value
}

function ledgerOf(values: Values): control.LedgerKind {
  const name = values.ledger ?? process.env.TRIFLOW_LEDGER ?? 'embedded'
  if (name === 'embedded' || name === 'fabric') return name
  throw new NetworkFault('USAGE', `--ledger is embedded or fabric, not ${name}`)
}

const commands: Record<string, (values: Values, node: string | undefined) => Promise<void>> = {
  async up(values) {
    const dir = need(values, 'dir')
    const definition = control.readDefinition(need(values, 'config'))
    await control.up({ dir, definition, ledger: ledgerOf(values), progress })
    progress(`${definition.name} is up: ${dir}/connection.json`)
  },
  async deploy(values) {
    const deployment = control.readDeployment(need(values, 'config'))
    await control.deploy(need(values, 'dir'), deployment, progress)
    progress(`${deployment.name} ${deployment.version} is committed on ${deployment.channel}`)
  },
  async status(values) {
    const nodes = await control.status(need(values, 'dir'))
    process.stdout.write(values.json ? `${JSON.stringify({ nodes }, null, 2)}\n` : table(nodes))
    if (nodes.some(node => !node.running)) process.exitCode = 3
  },
  async stop(values, node) {
    const signal = values.kill ? 'SIGKILL' : 'SIGTERM'
    await control.stopNode(need(values, 'dir'), nodeName(node), signal)
  },
  async start(values, node) {
    await control.startNode(need(values, 'dir'), nodeName(node))
  },
  async down(values) {
    const dir = need(values, 'dir')
    await control.down(dir)
    if (values.wipe) rmSync(dir, { recursive: true, force: true })
  },
  async package(values) {
    const built = chaincodePackage(need(values, 'label'))
    if (values.out) writeWhole(values.out, built.bytes)
    process.stdout.write(`${built.packageId}\n`)
  },
}

function table(nodes: control.NodeStatus[]): string {
  const lines = nodes.map(node => {
    const heights = Object.entries(node.channels).map(([name, { height }]) => `${name} ${height}`)
    const state = node.running ? (node.ready ? 'up' : 'starting') : 'down'
    const pids = node.pids.join(' ')
    return `${node.name.padEnd(40)} ${node.roles.join('+').padEnd(14)} ${state.padEnd(9)} ${pids.padEnd(16)} ${heights.join(', ')}`
  })
  return `${lines.join('\n')}\n`
}

function nodeName(node: string | undefined): string {
  if (node) return node
  throw new NetworkFault('USAGE', `which node? Give its full name\n${USAGE}`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [name = '', node] = positionals
  const command = commands[name]
  if (!command) throw new NetworkFault('USAGE', name ? `no command ${name}\n${USAGE}` : USAGE)
  await command(values, node)
}

main().catch((error: unknown) => {
  const code = error instanceof NetworkFault ? error.code : 'UNEXPECTED'
  process.stderr.write(code === 'USAGE' ? textOf(error) : `${code}: ${textOf(error)}\n`)
  process.exitCode = code === 'USAGE' ? 2 : 1
})
