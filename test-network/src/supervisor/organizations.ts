/** The six organisations of the pilot, as people and processes name them. */
export interface PilotOrganization {
  /** Folder of input files, database, Redis prefix, gateway process. */
  readonly key: string
  readonly mspId: string
  readonly domain: string
  readonly displayName: string
  readonly kind: 'CORE' | 'ALLIANCE' | 'BANK' | 'REGULATOR' | 'LOGISTICS'
  /** The organisation's own ledger node; the logistics provider has none and connects through the core's. */
  readonly node?: string
}

const organization = (
  key: string,
  mspId: string,
  displayName: string,
  kind: PilotOrganization['kind'],
): PilotOrganization => {
  const domain = `${key}.triflow.example`
  const own = { key, mspId, domain, displayName, kind }
  return kind === 'LOGISTICS' ? own : { ...own, node: `peer0.${domain}` }
}

export const ORGANIZATIONS = [
  organization('core', 'CoreMSP', '华陆精密装备', 'CORE'),
  organization('alliance', 'AllianceMSP', '供应商联盟', 'ALLIANCE'),
  organization('banka', 'BankAMSP', '东申银行', 'BANK'),
  organization('bankb', 'BankBMSP', '江岳银行', 'BANK'),
  organization('regulator', 'RegulatorMSP', '金融监管局', 'REGULATOR'),
  organization('logistics', 'LogisticsMSP', '顺江供应链物流', 'LOGISTICS'),
] as const satisfies readonly PilotOrganization[]

export type OrganizationKey = 'core' | 'alliance' | 'banka' | 'bankb' | 'regulator' | 'logistics'

export function organizationOf(key: OrganizationKey): PilotOrganization {
  const found = ORGANIZATIONS.find(one => one.key === key)
  if (!found) throw new Error(`no organisation ${key}`)
  return found
}

/** Who must agree on the network's rules, and whose nodes order. */
export const GUARDIANS = ['CoreMSP', 'AllianceMSP', 'BankAMSP', 'BankBMSP'] as const

export const CHANNEL = 'scf'
export const CHAINCODE = 'triflow'
export const CHAINCODE_LABEL = 'triflow_1.0'
export const CHAINCODE_POLICY = `OutOf(2,${GUARDIANS.map(msp => `'${msp}.peer'`).join(',')})`
