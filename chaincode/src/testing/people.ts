/** The organisations and people of every story. */
import type { Identity } from './world.ts'

export const CORE = 'CoreMSP'
export const ALLIANCE = 'AllianceMSP'
export const BANK_A = 'BankAMSP'
export const BANK_B = 'BankBMSP'
export const REGULATOR = 'RegulatorMSP'
export const GUARDIANS = [CORE, ALLIANCE, BANK_A, BANK_B]

const user = (mspId: string, name: string, role: string, memberId?: string): Identity => ({
  mspId,
  name,
  role,
  ...(memberId === undefined ? {} : { memberId }),
})

export const USERS = {
  coreOperator: user(CORE, 'core operator', 'operator'),
  coreMaker: user(CORE, 'core maker', 'maker', 'm-core'),
  coreChecker: user(CORE, 'core checker', 'checker', 'm-core'),
  /** One person with both roles: still one person. */
  coreBoth: user(CORE, 'core both', 'maker,checker', 'm-core'),
  allianceOperator: user(ALLIANCE, 'alliance operator', 'operator'),
  tier1: user(ALLIANCE, 'tier1 boss', 'maker,checker', 'm-tier1'),
  tier2: user(ALLIANCE, 'tier2 boss', 'maker,checker', 'm-tier2'),
  bankA: user(BANK_A, 'bank a treasurer', 'treasurer,maker', 'm-banka1'),
  bankAOperator: user(BANK_A, 'bank a operator', 'operator'),
  bankB: user(BANK_B, 'bank b treasurer', 'treasurer,maker', 'm-bankb1'),
  bankBOperator: user(BANK_B, 'bank b operator', 'operator'),
  regulator1: user(REGULATOR, 'regulator one', 'compliance', 'm-regul'),
  regulator2: user(REGULATOR, 'regulator two', 'compliance', 'm-regul'),
  regulatorOperator: user(REGULATOR, 'regulator operator', 'operator'),
  carrier: user('LogisticsMSP', 'carrier', 'operator'),
} as const satisfies Record<string, Identity>
