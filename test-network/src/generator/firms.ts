import { creditCode } from './credit-code.ts'
import { BANKS, CORE_NAME, LOGISTICS_NAME, PLACES, STYLES, TRADES } from './names.ts'
import type { Random } from './random.ts'

export interface Firm {
  /** Pseudonym: the only name the ledger ever sees. */
  readonly memberId: string
  readonly uscc: string
  readonly name: string
  readonly role: 'CORE' | 'SUPPLIER' | 'BANK' | 'LOGISTICS'
  /** MSP id of the organisation the firm acts through. */
  readonly organization: string
  /** Suppliers: 1 sells to the core enterprise, 2 to tier 1, 3 to tier 2. */
  readonly tier?: 1 | 2 | 3
  /** The bank and branch that keep the firm's account. */
  readonly bank: string
  readonly branch: string
  readonly account: string
}

export interface Firms {
  readonly core: Firm
  readonly suppliers: readonly Firm[]
  readonly banks: readonly Firm[]
  readonly logistics: Firm
  readonly all: readonly Firm[]
}

export const SUPPLIERS_PER_TIER = [6, 8, 6] as const

const BRANCHES = BANKS.flatMap(bank =>
  bank.branches.map(branch => ({
    bank: bank.organization,
    folder: bank.folder,
    branch: branch.id,
  })),
)

/** Every branch of the pilot with the bank whose folder receives its statements. */
export const branches = (): readonly { bank: string; folder: string; branch: string }[] => BRANCHES

export function createFirms(random: Random): Firms {
  const taken = new Set<string>()
  const unique = (draw: () => string): string => {
    for (;;) {
      const value = draw()
      if (taken.has(value)) continue
      taken.add(value)
      return value
    }
  }
  const firm = (fields: Pick<Firm, 'name' | 'role' | 'organization' | 'tier'>): Firm => {
    const home = random.pick(BRANCHES)
    return {
      ...fields,
      memberId: unique(() => `m${random.hex(16)}`),
      uscc: unique(() => creditCode(random)),
      bank: home.bank,
      branch: home.branch,
      account: unique(() => `6217${random.digits(15)}`),
    }
  }
  const core = firm({ name: CORE_NAME, role: 'CORE', organization: 'CoreMSP' })
  const tiers = SUPPLIERS_PER_TIER.flatMap((count, index) =>
    Array<1 | 2 | 3>(count).fill((index + 1) as 1 | 2 | 3),
  )
  const suppliers = tiers.map(tier =>
    firm({
      name: unique(
        () => `${random.pick(PLACES)}${random.pick(STYLES)}${random.pick(TRADES)}有限公司`,
      ),
      role: 'SUPPLIER',
      organization: 'AllianceMSP',
      tier,
    }),
  )
  const banks = BANKS.map(({ name, organization }) => firm({ name, role: 'BANK', organization }))
  const logistics = firm({ name: LOGISTICS_NAME, role: 'LOGISTICS', organization: 'LogisticsMSP' })
  return { core, suppliers, banks, logistics, all: [core, ...suppliers, ...banks, logistics] }
}
