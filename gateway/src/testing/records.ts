/** Records as the contracts write them, for read models in tests. */

const SALT = '0'.repeat(64)
const ORDER = 'o'.repeat(20)

export const invoiceState = {
  buyerMsp: 'CoreMSP',
  sellerMsp: 'AllianceMSP',
  tax: 'UNCHECKED',
  match: 'NONE',
  approval: 'SUBMITTED',
  use: 'FREE',
}

export function invoiceOf(parties: { buyer: string; seller: string }, number: string) {
  return {
    ...parties,
    code: '',
    number,
    issuedOn: '2026-01-05',
    payableOn: '2026-03-05',
    currency: 'CNY',
    netFen: '10000',
    taxFen: '1300',
    totalFen: '11300',
    lines: [
      {
        orderId: ORDER,
        line: '1',
        quantityMilli: '1000',
        unitPriceMicro: '100000000',
        netFen: '10000',
        taxFen: '1300',
      },
    ],
    sellerTag: SALT,
    salt: SALT,
  }
}

export function receivableState(root: string) {
  return {
    state: 'ACTIVE',
    obligorMsp: 'CoreMSP',
    holderMsp: 'AllianceMSP',
    root,
    depth: 0,
    policy: 1,
  }
}

export function termsOf(parties: { obligor: string; holder: string }) {
  return {
    ...parties,
    currency: 'CNY',
    faceFen: '10000',
    issuedOn: '2026-01-05',
    dueOn: '2026-04-05',
    offerUntil: '2026-01-15',
    uses: [],
    collectedFen: '0',
    rootFaceFen: '10000',
    salt: SALT,
  }
}

/** The smallest private value there is. */
export function usageOf(usedFen: string) {
  return { usedFen, salt: SALT }
}
