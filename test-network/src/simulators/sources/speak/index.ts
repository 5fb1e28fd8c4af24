/** The twelve sources that speak of this world, and how long each takes to know what happened. */
import { speakCourtRecords } from './courts.ts'
import type { Speak } from './fact.ts'
import { speakBankStatements, speakCreditBureau } from './money.ts'
import {
  speakEcommerce,
  speakLandProduction,
  speakLogistics,
  speakSocialBehaviour,
  speakUtilities,
} from './operations.ts'
import { speakBusinessRegistry, speakCustoms, speakTaxFilings, speakVatInvoices } from './state.ts'

export interface Voice {
  readonly title: string
  readonly speak: Speak
  /** From an event to the hour when the source has it; some records take days more. */
  readonly delayHours: number
}

export const VOICES = {
  bank_statements: { title: 'Bank', speak: speakBankStatements, delayHours: 16 },
  vat_invoices: { title: 'Tax office, invoices', speak: speakVatInvoices, delayHours: 2 },
  tax_filings: { title: 'Tax office, filings', speak: speakTaxFilings, delayHours: 20 },
  business_registry: { title: 'Business registry', speak: speakBusinessRegistry, delayHours: 48 },
  court_records: { title: 'Courts', speak: speakCourtRecords, delayHours: 120 },
  customs: { title: 'Customs', speak: speakCustoms, delayHours: 24 },
  utilities: { title: 'Utilities', speak: speakUtilities, delayHours: 24 },
  logistics: { title: 'Carriers', speak: speakLogistics, delayHours: 1 },
  credit_bureau: { title: 'Credit bureau', speak: speakCreditBureau, delayHours: 72 },
  ecommerce: { title: 'E-commerce platform', speak: speakEcommerce, delayHours: 12 },
  social_behaviour: { title: 'Social platform', speak: speakSocialBehaviour, delayHours: 12 },
  land_production: { title: 'Land registry', speak: speakLandProduction, delayHours: 96 },
} as const satisfies Record<string, Voice>

export type VoiceName = keyof typeof VOICES

export const isVoice = (name: string): name is VoiceName => Object.hasOwn(VOICES, name)
