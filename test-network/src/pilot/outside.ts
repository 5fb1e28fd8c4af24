import { painText } from '../simulators/pain-text.ts'
import type { TransferOrder } from '../simulators/pain.ts'
import { patientFetch } from './patience.ts'

/** The pilot's side of the simulators: what a bank's or a registry's own systems would send. */
export interface Outside {
  pay(bank: string, messageId: string, transfers: readonly Transfer[]): Promise<void>
  /** The statement with this serial number (from 1); undefined when there is nothing new. */
  statement(bank: string, account: string, serial: number): Promise<string | undefined>
  moveTo(bank: string, day: string): Promise<void>
  today(bank: string): Promise<string>
  deposit(bank: string, deposit: Deposit): Promise<void>
  register(entry: RegistrationRequest): Promise<Registered>
}

export type Transfer = Omit<TransferOrder, 'messageId'>

export interface Deposit {
  readonly account: string
  readonly amountFen: bigint
  readonly reference: string
}

export interface RegistrationRequest {
  readonly reference: string
  readonly assignor: string
  readonly assignee: string
  readonly subject: string
}

export interface Registered {
  readonly registrationNumber: string
  readonly registeredAt: string
  readonly searchHash: string
}

export function createOutside(url: string): Outside {
  const ask = async (place: string, init?: RequestInit): Promise<Response> => {
    const answer = await patientFetch(`${url}${place}`, init)
    if (!answer.ok) throw new Error(`${place} answered ${answer.status}: ${await answer.text()}`)
    return answer
  }
  const post = (place: string, body: object): Promise<Response> =>
    ask(place, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return {
    async pay(bank, messageId, transfers) {
      const body = painText(
        messageId,
        transfers.map(one => ({ ...one, messageId })),
      )
      const headers = { 'content-type': 'application/xml' }
      const answer = await ask(`/bank/${bank}/payments`, { method: 'POST', headers, body })
      const { transfers: booked } = (await answer.json()) as {
        transfers: { endToEndId: string; status: string }[]
      }
      const unpaid = booked.find(one => one.status !== 'BOOKED')
      if (unpaid) throw new Error(`${bank} did not pay ${unpaid.endToEndId}: ${unpaid.status}`)
    },
    async statement(bank, account, serial) {
      const answer = await ask(`/bank/${bank}/statements/${account}?serial=${serial}`)
      return answer.status === 204 ? undefined : answer.text()
    },
    async moveTo(bank, day) {
      await post(`/bank/${bank}/calendar`, { today: day })
    },
    async today(bank) {
      return ((await (await ask(`/bank/${bank}`)).json()) as { today: string }).today
    },
    async deposit(bank, deposit) {
      await post(`/bank/${bank}/deposits`, { ...deposit, amountFen: String(deposit.amountFen) })
    },
    async register(entry) {
      const registered = (await (await post('/registry/registrations', entry)).json()) as Registered
      const search = await ask(`/registry/search?subject=${encodeURIComponent(entry.subject)}`)
      const { hash } = (await search.json()) as { hash: string }
      return { ...registered, searchHash: hash }
    },
  }
}
