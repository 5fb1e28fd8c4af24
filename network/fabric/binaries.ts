// Finding and running Fabric's own programs.
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { NetworkFault } from '../src/node/fault.ts'

const PROGRAMS = ['peer', 'orderer', 'configtxgen', 'osnadmin'] as const
export type FabricProgram = (typeof PROGRAMS)[number]

/** The folder of Fabric's binaries. Throws `NetworkFault` FABRIC_BIN_MISSING saying how to get them. */
export function findFabricBin(fromRecord?: string): string {
  const folder = process.env.FABRIC_BIN ?? fromRecord
  const missing = folder
    ? PROGRAMS.filter(name => !isExecutable(path.join(folder, name)))
    : PROGRAMS
  if (folder && missing.length === 0) return path.resolve(folder)
  const what = folder ? `FABRIC_BIN=${folder} lacks ${missing.join(', ')}` : 'FABRIC_BIN is not set'
  throw new NetworkFault(
    'FABRIC_BIN_MISSING',
    `${what}: unpack hyperledger-fabric-<os>-<arch>-3.1.5.tar.gz of ` +
      'https://github.com/hyperledger/fabric/releases/tag/v3.1.5 and set FABRIC_BIN to its bin folder, ' +
      'or run "make native" in the source at tag v3.1.5 and set FABRIC_BIN to build/bin',
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface ProgramCall {
  fabricBin: string
  program: FabricProgram
  args: string[]
  env?: Record<string, string>
  timeoutMs?: number
}

/** Runs a program to its end; throws `NetworkFault` FABRIC_COMMAND_FAILED with what it wrote to stderr. */
export function runProgram(call: ProgramCall): Promise<string> {
  const file = path.join(call.fabricBin, call.program)
  const options = {
    env: { ...process.env, ...call.env },
    timeout: call.timeoutMs ?? 120_000,
    maxBuffer: 16 * 1024 * 1024,
  }
  return new Promise((resolve, reject) => {
    execFile(file, call.args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      const said = (stderr || stdout || error.message).trim().split('\n').slice(-3).join(' ')
      const command = `${call.program} ${call.args.slice(0, 3).join(' ')}`
      reject(new NetworkFault('FABRIC_COMMAND_FAILED', `${command}: ${said}`, { command }))
    })
  })
}
