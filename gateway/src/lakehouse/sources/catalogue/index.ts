/** The thirteen sources, as data. */
import type { Body, Source, SourceName } from '../source.ts'
import { bankStatements, creditBureau, ledgerBehaviour } from './money.ts'
import { ecommerce, landProduction, logistics, socialBehaviour, utilities } from './operations.ts'
import { businessRegistry, courtRecords, customs, taxFilings, vatInvoices } from './state.ts'

export const CATALOGUE = {
  ledger_behaviour: ledgerBehaviour,
  bank_statements: bankStatements,
  vat_invoices: vatInvoices,
  tax_filings: taxFilings,
  business_registry: businessRegistry,
  court_records: courtRecords,
  customs,
  utilities,
  logistics,
  credit_bureau: creditBureau,
  ecommerce,
  social_behaviour: socialBehaviour,
  land_production: landProduction,
} as const satisfies { readonly [N in SourceName]: Source }

export type SourceBody<N extends SourceName> = Body<(typeof CATALOGUE)[N]['fields']>

export const sourceOf = (name: SourceName): Source => CATALOGUE[name]

/** Those that are asked for over HTTP; the other is computed from the ledger's own tables. */
export const PULLED: readonly Source[] = Object.values<Source>(CATALOGUE).filter(
  ({ origin }) => origin === 'PULLED',
)
