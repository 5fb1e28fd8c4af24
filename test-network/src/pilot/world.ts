import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import {
  addDays,
  branches,
  coreAccount,
  firmsOf,
  generateYear,
  type Day,
  type Firms,
} from '../generator/index.ts'
import type { AccountOpening } from '../simulators/index.ts'
import type { SimulatorOptions } from '../simulators/server.ts'
import { inState, keptJson } from '../supervisor/layout.ts'
import type { SimulatedSources } from '../supervisor/sources.ts'

/** Decided at the first start and kept: a resumed pilot must not change its mind. */
export interface PilotPlan {
  readonly seed: string
  readonly invoices: number
  /** Last day of the year of trade. */
  readonly last: Day
  /** The day on which the story begins; the banks' calendars start there. */
  readonly today: Day
  /** When the certificates fall due: a working day four to five weeks later. */
  readonly dueOn: Day
}

export interface World {
  readonly plan: PilotPlan
  readonly firms: Firms
  /** The folder of input files. */
  readonly year: string
  readonly simulated: Pick<SimulatorOptions, 'banks' | 'firstDay'> & {
    readonly sources: SimulatedSources
  }
}

/** The account each simulated bank pays financings from. */
export const lendingAccount = (folder: string): string =>
  folder === 'banka' ? '990100000000000001' : '990200000000000001'

/** The obligor's redemptions are paid from its account at this branch. */
export const SETTLEMENT = { bank: 'banka', mspId: 'BankAMSP', branch: 'A-SH' } as const

const workingDay = (day: Day): Day => {
  const weekday = new Date(day).getUTCDay()
  return weekday === 0 ? addDays(day, 1) : weekday === 6 ? addDays(day, 2) : day
}

/** Chinese calendar day of an instant. */
const dayInChina = (at: Date): Day =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 10)

/** Writes the year of trade at the first start; later starts find it. */
export function prepareWorld(options: {
  readonly stateFolder: string
  readonly seed: string
  readonly invoices: number
  readonly now: Date
}): World {
  const planFile = path.join(inState.pilot(options.stateFolder), 'plan.json')
  const plan = keptJson(planFile, (): PilotPlan => {
    const today = dayInChina(options.now)
    return {
      seed: options.seed,
      invoices: options.invoices,
      today,
      last: addDays(`${today.slice(0, 7)}-01`, -1),
      dueOn: workingDay(addDays(today, 32)),
    }
  })
  const year = inState.year(options.stateFolder)
  // truth.json is written last: without it the year is not whole.
  if (!existsSync(path.join(year, 'truth.json'))) {
    rmSync(year, { recursive: true, force: true })
    mkdirSync(year, { recursive: true })
    generateYear({ directory: year, seed: plan.seed, last: plan.last, invoices: plan.invoices })
  }
  const firms = firmsOf(plan.seed)
  const simulated = {
    firstDay: plan.today,
    banks: banksOf(firms, year),
    sources: sourcesOf(plan),
  }
  return { plan, firms, year, simulated }
}

/** The firms of the pilot and their year of trade, with some people around them. */
const sourcesOf = ({ seed, last, invoices }: PilotPlan): SimulatedSources => ({
  seed,
  first: addDays(last, -364),
  population: { firms: 0, shopkeepers: 12, farmers: 8 },
  trade: { last, invoices },
})

/** The simulated banks take over where the statements of the year end. */
function banksOf(firms: Firms, year: string): Record<string, AccountOpening[]> {
  const banks: Record<string, AccountOpening[]> = {}
  for (const { folder, branch } of branches()) {
    const list = (banks[folder] ??= [lending(firms, folder)])
    list.push({
      account: coreAccount(firms, branch),
      owner: { name: firms.core.name, uscc: firms.core.uscc },
      branch,
      openingFen: lastBalance(path.join(year, folder, 'statements'), branch),
    })
  }
  return banks
}

function lending(firms: Firms, folder: string): AccountOpening {
  const bank = firms.banks[folder === 'banka' ? 0 : 1]
  if (!bank) throw new Error(`no bank keeps ${folder}`)
  return {
    account: lendingAccount(folder),
    owner: { name: bank.name, uscc: bank.uscc },
    branch: folder === 'banka' ? 'A-HQ' : 'B-HQ',
    openingFen: '100000000000',
  }
}

/** Closing balance, in fen, of the branch's latest statement. */
function lastBalance(folder: string, branch: string): string {
  const names = readdirSync(folder).filter(name => name.startsWith(branch))
  const latest = names.sort().at(-1)
  if (!latest) return '0'
  const text = readFileSync(path.join(folder, latest), 'utf8')
  const amount = /<Cd>CLBD<\/Cd>[\s\S]*?<Amt Ccy="CNY">([\d.]+)</.exec(text)?.[1] ?? '0.00'
  return amount.replace('.', '').replace(/^0+(?=\d)/, '')
}
