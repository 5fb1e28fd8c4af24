import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { castOf, createActors, type Actors, type Person } from '../pilot/actors.ts'
import {
  openSources,
  playPilot,
  prepareWorld,
  type PilotResult,
  type World,
} from '../pilot/index.ts'
import type { LedgerKind } from '../supervisor/ledger.ts'
import { bringUp, type RunningNetwork } from '../supervisor/network.ts'
import type { OrganizationKey } from '../supervisor/organizations.ts'

/** The ledger the suite runs on: `npm run test:fabric` sets LEDGER=fabric. */
export const ledgerUnderTest = (): LedgerKind =>
  process.env['LEDGER'] === 'fabric' ? 'fabric' : 'embedded'

export interface TestNetwork {
  readonly network: RunningNetwork
  readonly world: World
  readonly actors: Actors
  /** The log-in of a person the pilot enrols. */
  person(organization: OrganizationKey, login: string): Person
  /** Plays the pilot; every line it says goes to `listen`. */
  play(listen?: (line: string) => void): Promise<PilotResult>
  /** Stops everything and deletes the state. */
  end(): Promise<void>
}

/** A whole network of its own in a fresh folder, with a small year of trade. */
export async function startTestNetwork(options: {
  readonly seed: string
  readonly invoices: number
  /** The organisation whose gateway has a process for each role. */
  readonly split?: OrganizationKey
  readonly lakes?: readonly OrganizationKey[]
}): Promise<TestNetwork> {
  const stateFolder = mkdtempSync(path.join(os.tmpdir(), 'triflow-end-to-end-'))
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const world = prepareWorld({ stateFolder, ...options, now: new Date() })
  let network: RunningNetwork
  try {
    network = await bringUp({
      stateFolder,
      ledger: ledgerUnderTest(),
      world: () => world.simulated,
      split: options.split,
      lakes: options.lakes ?? [],
      checkAnswers: true,
      say,
      onEvent: event => say(`${event.name} ${event.what} ${event.detail ?? ''}`),
    })
    await network.complete
    await openSources({ network, world, say })
  } catch (fault) {
    process.stdout.write(`${lines.join('\n')}\n`)
    throw fault
  }
  const cast = castOf(world, network.operatorPasswords['core'] ?? '')
  return {
    network,
    world,
    person(organization, login) {
      const found = cast.find(one => one.organization === organization && one.login === login)
      if (!found) throw new Error(`nobody is called ${login} at ${organization}`)
      return found
    },
    actors: createActors({
      urls: network.gateways,
      operatorPasswords: network.operatorPasswords,
      cast,
    }),
    play: async (listen = () => undefined) => {
      const result = await playPilot({ network, world, say: listen, beganMs: Date.now() })
      if (!result.ok) process.stdout.write(`${lines.slice(-40).join('\n')}\n${result.fault}\n`)
      return result
    },
    async end() {
      await network.stop()
      if (process.env['KEEP_STATE'] !== 'true')
        rmSync(stateFolder, { recursive: true, force: true })
      else process.stdout.write(`state kept in ${stateFolder}\n`)
    },
  }
}
