import { createHmac } from 'node:crypto'
import { createClient, GatewayProblem, type Client, type Role } from '@triflow/gateway/client'
import type { Firm } from '../generator/index.ts'
import type { OrganizationKey } from '../supervisor/organizations.ts'
import type { AccessUser } from '../supervisor/network.ts'
import type { LatencyMeter } from './latency.ts'
import { patientFetch } from './patience.ts'
import type { World } from './world.ts'

/** A person of the pilot: maker and checker are always two of them. */
export interface Person extends AccessUser {
  readonly organization: OrganizationKey
  readonly roles: readonly Role[]
}

export const ORGANIZATION_KEYS: Readonly<Record<string, OrganizationKey>> = {
  CoreMSP: 'core',
  AllianceMSP: 'alliance',
  BankAMSP: 'banka',
  BankBMSP: 'bankb',
  LogisticsMSP: 'logistics',
  RegulatorMSP: 'regulator',
}

export const keyOf = (firm: Firm): OrganizationKey => {
  const key = ORGANIZATION_KEYS[firm.organization]
  if (!key) throw new Error(`no organisation ${firm.organization}`)
  return key
}

/** `sup01` ... `sup20`, in the order of the roster. */
export const supplierLogin = (index: number): string => `sup${String(index + 1).padStart(2, '0')}`

/** Everybody who is enrolled beside the operators. Passwords are drawn from the network's own secret. */
export function castOf(world: World, secret: string): Person[] {
  const { firms } = world
  const person = (
    organization: OrganizationKey,
    login: string,
    name: string,
    roles: readonly Role[],
    memberId?: string,
  ): Person => ({
    organization,
    login,
    name,
    roles,
    password: createHmac('sha256', secret)
      .update(`${organization}/${login}`)
      .digest('base64url')
      .slice(0, 16),
    ...(memberId === undefined ? {} : { memberId }),
  })
  const bank = (
    organization: 'banka' | 'bankb',
    index: number,
    desks: readonly string[],
  ): Person[] => {
    const memberId = firms.banks[index]?.memberId
    return [
      ...desks.map(desk =>
        person(organization, `${desk}.maker`, `${desk} 客户经理`, ['maker'], memberId),
      ),
      person(organization, 'checker', '复核', ['checker'], memberId),
      // Statements are evidence: whoever hands them in acts for the bank that booked the entries.
      person(organization, 'treasurer', '资金', ['treasurer', 'operator'], memberId),
    ]
  }
  const suppliers = firms.suppliers.flatMap((firm, index) => [
    person(
      'alliance',
      `${supplierLogin(index)}.maker`,
      `${firm.name}经办`,
      ['maker', 'treasurer'],
      firm.memberId,
    ),
    person(
      'alliance',
      `${supplierLogin(index)}.checker`,
      `${firm.name}复核`,
      ['checker'],
      firm.memberId,
    ),
  ])
  return [
    person('core', 'maker', '应付经办', ['maker'], firms.core.memberId),
    person('core', 'checker', '应付复核', ['checker'], firms.core.memberId),
    person('core', 'treasurer', '资金主管', ['treasurer'], firms.core.memberId),
    ...suppliers,
    ...bank('banka', 0, ['sh', 'sz']),
    ...bank('bankb', 1, ['hz', 'nj']),
    person('regulator', 'compliance', '监管', ['compliance']),
    person('regulator', 'compliance2', '监管复核', ['compliance']),
    person('logistics', 'maker', '仓管', ['maker'], firms.logistics.memberId),
  ]
}

/** What the operator enrols a person with: good for one log-in. */
export const firstPassword = (person: Person): string =>
  createHmac('sha256', person.password).update('first').digest('base64url').slice(0, 16)

/** Logged-in clients, one per person. */
export interface Actors {
  /** First log-in: the password the operator has set is exchanged for the person's own. */
  welcome(person: Person): Promise<void>
  as(organization: OrganizationKey, login: string): Promise<Client>
  operator(organization: OrganizationKey): Promise<Client>
}

export function createActors(options: {
  readonly urls: Readonly<Record<OrganizationKey, string>>
  readonly operatorPasswords: Readonly<Record<string, string>>
  readonly cast: readonly Person[]
  readonly meter?: LatencyMeter
}): Actors {
  const { meter } = options
  const clients = new Map<string, Promise<Client>>()
  const logIn = async (
    organization: OrganizationKey,
    ...credentials: Parameters<Client['logIn']>
  ): Promise<Client> => {
    const url = options.urls[organization]
    // A gateway that has just come up answers before its read model has what the ledger had.
    await patientFetch(`${url}/readyz`)
    const client = createClient({ url, fetch: meter?.fetch ?? patientFetch })
    await client.logIn(...credentials)
    return meter ? meter.watch(client) : client
  }
  const exchange = async (person: Person): Promise<Client> => {
    const { organization, login, password } = person
    try {
      return await logIn(organization, login, firstPassword(person), password)
    } catch (fault) {
      // The answer to an earlier exchange may have been lost with its server: then the own one is good.
      if (!(fault instanceof GatewayProblem) || fault.code !== 'LOGIN_REFUSED') throw fault
      return logIn(organization, login, password)
    }
  }
  const once = (
    organization: OrganizationKey,
    login: string,
    password: string,
  ): Promise<Client> => {
    const key = `${organization}/${login}`
    const known = clients.get(key)
    if (known) return known
    const fresh = logIn(organization, login, password)
    clients.set(key, fresh)
    return fresh
  }
  return {
    async welcome(person) {
      const client = await exchange(person)
      clients.set(`${person.organization}/${person.login}`, Promise.resolve(client))
    },
    as(organization, login) {
      const person = options.cast.find(
        one => one.organization === organization && one.login === login,
      )
      if (!person) throw new Error(`nobody is called ${login} at ${organization}`)
      return once(organization, login, person.password)
    },
    operator: organization =>
      once(organization, 'operator', options.operatorPasswords[organization] ?? ''),
  }
}
