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

/** What is left of `totalFen` of an invoice after a verdict that found a difference. */
export function balanceOf(
  parties: { buyer: string; seller: string },
  fen: { confirmedFen: string; creditedFen: string; paidFen: string; differenceFen: string },
) {
  const { differenceFen, ...moved } = fen
  return {
    ...parties,
    currency: 'CNY',
    payableOn: '2026-03-05',
    grossFen: '11300',
    eligibleFen: '11300',
    availableFen: '0',
    lockedFen: '0',
    certifiedFen: '0',
    factoredFen: '0',
    disputedFen: '0',
    ...moved,
    verdict: { rules: ORDER, ruleVersion: 1, inputsHash: SALT, differenceFen },
    salt: SALT,
  }
}

/** An order of one line. */
export function orderOf(parties: { buyer: string; seller: string }, unitPriceMicro: string) {
  return {
    ...parties,
    number: 'PO-1',
    orderedOn: '2026-01-02',
    currency: 'CNY',
    category: 'steel',
    lines: [{ line: '1', quantityMilli: '2500', unitPriceMicro, taxRatePpm: '130000' }],
    salt: SALT,
  }
}

/** Goods received for line 1 of each order. */
export function receiptOf(
  parties: { buyer: string; seller: string },
  orderIds: readonly string[],
  quantityMilli: string,
) {
  return {
    ...parties,
    number: 'GR-1',
    receivedOn: '2026-01-03',
    final: false,
    lines: orderIds.map(orderId => ({ orderId, line: '1', quantityMilli })),
    salt: SALT,
  }
}

export function requestState(state: string, bidId: string | undefined) {
  return {
    state,
    receivableId: ORDER,
    askerMsp: 'AllianceMSP',
    obligorMsp: 'CoreMSP',
    invited: ['BankAMSP'],
    ...(bidId === undefined ? {} : { bidId, funderMsp: 'BankAMSP' }),
  }
}

export function requestOf(parties: { asker: string; obligor: string }) {
  return {
    ...parties,
    receivableId: ORDER,
    receivableHash: SALT,
    currency: 'CNY',
    faceFen: '10000',
    dueOn: '2026-04-05',
    recourse: 'NONE',
    bidsUntil: '2026-01-20',
    salt: SALT,
  }
}

export function bidState(requestId: string) {
  return { state: 'PLACED', requestId, bankMsp: 'BankAMSP', askerMsp: 'AllianceMSP' }
}

export function bidOf(requestId: string, funder: string) {
  return {
    requestId,
    funder,
    method: 'STRAIGHT',
    ratePpm: '45000',
    basis: 360,
    recourse: 'NONE',
    valueOn: '2026-01-10',
    days: 85,
    discountFen: '106',
    feesFen: '0',
    netFen: '9894',
    salt: SALT,
  }
}

/** The smallest private value there is. */
export function usageOf(usedFen: string) {
  return { usedFen, salt: SALT }
}
