/** Facts that the sources of the outside world tell; the fields are those of sources/catalogue. */
import { beginOf, daysBetween, endOf, number, pseudonym, sourceKind, text } from '../kind.ts'

export const bankEntry = sourceKind('bank_entry', 'bank_statements', {
  shape: {
    direction: 'VARCHAR',
    amountFen: 'BIGINT',
    balanceFen: 'BIGINT',
    counterpartyCode: 'VARCHAR',
    counterpartyName: 'VARCHAR',
    purpose: 'VARCHAR',
  },
  cells: {
    amountFen: number('"amountFen"'),
    /** Negative where money goes out. */
    netFen: number(`if(direction = 'CRDT', "amountFen", -"amountFen")`),
    balanceFen: number('"balanceFen"'),
    direction: text('direction'),
    purpose: text('purpose'),
    partner: pseudonym('coalesce("counterpartyCode", "counterpartyName")'),
  },
})

export const vatInvoice = sourceKind('vat_invoice', 'vat_invoices', {
  shape: {
    side: 'VARCHAR',
    issuedOn: 'DATE',
    payableOn: 'DATE',
    sellerCode: 'VARCHAR',
    buyerCode: 'VARCHAR',
    netFen: 'BIGINT',
    totalFen: 'BIGINT',
    status: 'VARCHAR',
    goods: 'VARCHAR',
  },
  cells: {
    netFen: number('"netFen"'),
    totalFen: number('"totalFen"'),
    termDays: daysBetween('"issuedOn"', '"payableOn"'),
    side: text('side'),
    status: text('status'),
    goods: pseudonym('goods'),
    partner: pseudonym(`if(side = 'SELLER', "buyerCode", "sellerCode")`),
  },
})

export const taxFiling = sourceKind('tax_filing', 'tax_filings', {
  shape: {
    tax: 'VARCHAR',
    filedOn: 'DATE',
    dueOn: 'DATE',
    paidOn: 'DATE',
    salesFen: 'BIGINT',
    outputTaxFen: 'BIGINT',
    inputTaxFen: 'BIGINT',
    payableFen: 'BIGINT',
    lateFeeFen: 'BIGINT',
    rating: 'VARCHAR',
  },
  cells: {
    salesFen: number('"salesFen"'),
    outputTaxFen: number('"outputTaxFen"'),
    inputTaxFen: number('"inputTaxFen"'),
    payableFen: number('"payableFen"'),
    lateFeeFen: number('"lateFeeFen"'),
    dueUs: endOf('"dueOn"'),
    paidUs: beginOf('"paidOn"'),
    paidLateDays: daysBetween('"dueOn"', '"paidOn"'),
    /** A is best and 5, D is 1. */
    ratingPoints: number(`CASE rating WHEN 'A' THEN 5 WHEN 'B' THEN 4 WHEN 'M' THEN 3
      WHEN 'C' THEN 2 WHEN 'D' THEN 1 END`),
    tax: text('tax'),
  },
})

export const registryEntry = sourceKind('registry_entry', 'business_registry', {
  shape: {
    change: 'VARCHAR',
    registeredOn: 'DATE',
    capitalFen: 'BIGINT',
    paidInFen: 'BIGINT',
    employees: 'BIGINT',
    status: 'VARCHAR',
  },
  cells: {
    registeredUs: beginOf('"registeredOn"'),
    capitalFen: number('"capitalFen"'),
    paidInFen: number('"paidInFen"'),
    employees: number('employees'),
    change: text('change'),
    status: text('status'),
  },
})

export const courtCase = sourceKind('court_case', 'court_records', {
  shape: { role: 'VARCHAR', cause: 'VARCHAR', stage: 'VARCHAR', amountFen: 'BIGINT' },
  cells: {
    amountFen: number('"amountFen"'),
    role: text('role'),
    cause: text('cause'),
    stage: text('stage'),
  },
})

export const customsDeclaration = sourceKind('customs_declaration', 'customs', {
  shape: {
    direction: 'VARCHAR',
    declaredOn: 'DATE',
    releasedOn: 'DATE',
    status: 'VARCHAR',
    country: 'VARCHAR',
    valueFen: 'BIGINT',
    dutyFen: 'BIGINT',
  },
  cells: {
    valueFen: number('"valueFen"'),
    dutyFen: number('"dutyFen"'),
    releaseDays: daysBetween('"declaredOn"', '"releasedOn"'),
    direction: text('direction'),
    status: text('status'),
    country: text('country'),
  },
})

export const utilityBill = sourceKind('utility_bill', 'utilities', {
  shape: {
    kind: 'VARCHAR',
    usageUnits: 'BIGINT',
    billFen: 'BIGINT',
    dueOn: 'DATE',
    paidOn: 'DATE',
  },
  cells: {
    usageUnits: number('"usageUnits"'),
    billFen: number('"billFen"'),
    dueUs: endOf('"dueOn"'),
    paidUs: beginOf('"paidOn"'),
    paidLateDays: daysBetween('"dueOn"', '"paidOn"'),
    kind: text('kind'),
  },
})

export const shipment = sourceKind('shipment', 'logistics', {
  shape: { status: 'VARCHAR', weightKg: 'BIGINT', declaredFen: 'BIGINT', toPlace: 'VARCHAR' },
  cells: {
    weightKg: number('"weightKg"'),
    declaredFen: number('"declaredFen"'),
    status: text('status'),
    place: pseudonym('"toPlace"'),
  },
})

export const creditReport = sourceKind('credit_report', 'credit_bureau', {
  shape: {
    facility: 'VARCHAR',
    kind: 'VARCHAR',
    lender: 'VARCHAR',
    limitFen: 'BIGINT',
    balanceFen: 'BIGINT',
    overdueDays: 'BIGINT',
    overdueFen: 'BIGINT',
    worstOverdueDays: 'BIGINT',
    riskClass: 'VARCHAR',
    queriesInMonth: 'BIGINT',
    guarantor: 'BOOLEAN',
  },
  cells: {
    limitFen: number('"limitFen"'),
    balanceFen: number('"balanceFen"'),
    overdueDays: number('"overdueDays"'),
    overdueFen: number('"overdueFen"'),
    worstOverdueDays: number('"worstOverdueDays"'),
    /** NORMAL is 1, LOSS is 5. */
    riskPoints: number(`CASE "riskClass" WHEN 'NORMAL' THEN 1 WHEN 'SPECIAL_MENTION' THEN 2
      WHEN 'SUBSTANDARD' THEN 3 WHEN 'DOUBTFUL' THEN 4 WHEN 'LOSS' THEN 5 END`),
    queries: number('"queriesInMonth"'),
    guarantor: number('CAST(guarantor AS INTEGER)'),
    facility: pseudonym('facility'),
    lender: pseudonym('lender'),
  },
})

export const shopMonth = sourceKind('shop_month', 'ecommerce', {
  shape: {
    shop: 'VARCHAR',
    orders: 'BIGINT',
    salesFen: 'BIGINT',
    refundsFen: 'BIGINT',
    buyers: 'BIGINT',
    ratingPpm: 'BIGINT',
    lateShipmentsPpm: 'BIGINT',
  },
  cells: {
    orders: number('orders'),
    salesFen: number('"salesFen"'),
    refundsFen: number('"refundsFen"'),
    buyers: number('buyers'),
    ratingPpm: number('"ratingPpm"'),
    lateShipmentsPpm: number('"lateShipmentsPpm"'),
    shop: pseudonym('shop'),
  },
})

export const socialMonth = sourceKind('social_month', 'social_behaviour', {
  shape: {
    accountDays: 'BIGINT',
    contacts: 'BIGINT',
    activeDays: 'BIGINT',
    nightPpm: 'BIGINT',
    merchantMessages: 'BIGINT',
  },
  cells: {
    accountDays: number('"accountDays"'),
    contacts: number('contacts'),
    activeDays: number('"activeDays"'),
    nightPpm: number('"nightPpm"'),
    merchantMessages: number('"merchantMessages"'),
  },
})

export const landSeason = sourceKind('land_season', 'land_production', {
  shape: {
    crop: 'VARCHAR',
    areaSqm: 'BIGINT',
    tenure: 'VARCHAR',
    stage: 'VARCHAR',
    expectedKg: 'BIGINT',
    harvestedKg: 'BIGINT',
    inputsFen: 'BIGINT',
    insured: 'BOOLEAN',
    plot: 'VARCHAR',
  },
  cells: {
    areaSqm: number('"areaSqm"'),
    expectedKg: number('"expectedKg"'),
    harvestedKg: number('"harvestedKg"'),
    inputsFen: number('"inputsFen"'),
    insured: number('CAST(insured AS INTEGER)'),
    crop: text('crop'),
    tenure: text('tenure'),
    stage: text('stage'),
    plot: pseudonym('plot'),
  },
})
