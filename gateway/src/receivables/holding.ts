import type { ReceivableRecord, ReceivableTerms, TransferTerms } from '@triflow/chaincode/model'
import { unknownObject } from '../platform/faults.ts'
import { findRecord, findRecords, type Kept, type Stored } from '../projection/records.ts'
import type { Services } from '../services.ts'

export type Receivable = Kept<Stored<ReceivableRecord>, Stored<ReceivableTerms>>
export type Transfer = Kept<null, Stored<TransferTerms>>

/** How a caller’s member has to do with a certificate. */
export type Side = 'OBLIGOR' | 'HOLDER' | 'OFFERED'

/** Which sides of a certificate a member is on; staff of the organisation stand on each of its sides. */
export function sidesOf(
  services: Pick<Services, 'config'>,
  memberId: string | undefined,
  held: { receivable: Receivable; transfer: Transfer | undefined },
): Side[] {
  const { open, secret } = held.receivable
  const own = services.config.mspId
  const is = (party: string | undefined, msp: string | undefined): boolean =>
    msp === own && party !== undefined && (memberId === undefined || party === memberId)
  const sides: Side[] = []
  if (is(secret.obligor, open.obligorMsp)) sides.push('OBLIGOR')
  if (is(secret.holder, open.holderMsp)) sides.push('HOLDER')
  if (open.lock?.kind === 'TRANSFER' && is(held.transfer?.secret?.to, open.lock.toMsp))
    sides.push('OFFERED')
  return sides
}

/** Certificates by id, refused as unknown where the caller stands on none of the wanted sides. */
export async function needReceivables(
  services: Services,
  memberId: string | undefined,
  wanted: { ids: readonly string[]; sides: readonly Side[] },
): Promise<{ receivable: Receivable; transfer: Transfer | undefined }[]> {
  const { database } = services
  const found = await findRecords<Stored<ReceivableRecord>, Stored<ReceivableTerms>>(
    database,
    'receivable',
    wanted.ids,
  )
  const transfers = await findRecords<null, Stored<TransferTerms>>(database, 'transfer', wanted.ids)
  return wanted.ids.map(id => {
    const receivable = found.get(id)
    const transfer = transfers.get(id)
    if (!receivable || receivable.opening === '') throw unknownObject(`certificate ${id}`)
    const sides = sidesOf(services, memberId, { receivable, transfer })
    if (!sides.some(side => wanted.sides.includes(side))) throw unknownObject(`certificate ${id}`)
    return { receivable, transfer }
  })
}

/** Openings of the balances of a root’s invoices, in the order of its uses. */
export async function balancesOf(services: Services, receivable: Receivable) {
  const ids = receivable.secret.uses.map(use => use.invoiceId)
  const found = await findRecords(services.database, 'balance', ids)
  return ids.map(id => found.get(id)?.opening ?? ('' as never))
}

/** The organisation of a member, from the ledger. */
export async function mspOfMember(services: Services, memberId: string): Promise<string> {
  const member = await findRecord<{ mspId: string }>(services.database, 'member', memberId)
  if (!member) throw unknownObject(`member ${memberId}`)
  return member.open.mspId
}
