import { inLayer, type Family } from '../family.ts'
import { LAKE } from '../names.ts'
import type { Personal, Retained } from '../privacy/declared.ts'
import { describedEvents } from './described.ts'
import { BEHAVIOUR, EVENTS, SILVER_EVENTS, SILVER_VIEWS, type SilverEvents } from './tables.ts'

const bronzeOf = ({ from }: SilverEvents): string => `${LAKE}.bronze.${from}`

/** The rows of a silver table as they follow from rows of bronze; what is not of its column's type is NULL. */
export function silverEvents(table: SilverEvents, rows: string): string {
  const read = Object.entries(table.fields).map(
    ([column, [field, type]]) => `TRY_CAST(body->>'${field}' AS ${type}) AS "${column}"`,
  )
  const shared = table.from === 'behaviour' ? 'user_id, received_at, ' : ''
  const kinds = table.kinds.map(kind => `'${kind}'`).join(', ')
  return `SELECT xid, number, "at", arrived_at, ${shared}${read.join(', ')}
    FROM ${rows} WHERE kind IN (${kinds})`
}

export const silverPlace = ({ name }: SilverEvents): string => `${LAKE}.silver.${name}`

/** What people did, beside what the platform did. */
const timed = (table: string, from: SilverEvents['from']): Retained => ({
  table,
  keeps: 'TIME',
  class: from === 'behaviour' ? 'BEHAVIOUR' : 'OPERATIONAL',
  clock: 'at',
})

/** Columns in which a member, a firm's code or a person may stand. */
const NAMING = new Set(['member_id', 'uscc', 'object_id', 'text'])

function about(table: string, columns: readonly string[]): Personal {
  const finds = columns.map(column => ({ by: 'TEXT', column }) as const)
  return { table, finds: { MEMBER: finds, PERSON: finds }, erase: 'DELETE' }
}

/** What the gateway and its portals tell. */
export const eventsFamily: Family = {
  kept: inLayer('bronze', [EVENTS, BEHAVIOUR]),
  // A statement each: every one of them costs a start of the lake some questions to its catalogue.
  derived: () => [
    ...SILVER_EVENTS.map(
      table =>
        `CREATE OR REPLACE TABLE ${silverPlace(table)} AS ${silverEvents(table, bronzeOf(table))}`,
    ),
    ...Object.entries(SILVER_VIEWS).map(
      ([name, sql]) => `CREATE OR REPLACE VIEW ${LAKE}.silver.${name} AS ${sql}`,
    ),
  ],
  staged: [EVENTS, BEHAVIOUR],
  described: describedEvents(),
  retention: [
    timed(`bronze.${EVENTS.name}`, 'events'),
    timed(`bronze.${BEHAVIOUR.name}`, 'behaviour'),
    ...SILVER_EVENTS.map(({ name, from }) => timed(`silver.${name}`, from)),
  ],
  personal: [
    about(`bronze.${EVENTS.name}`, ['body']),
    about(`bronze.${BEHAVIOUR.name}`, ['body']),
    ...SILVER_EVENTS.map(({ name, columns }) =>
      about(
        `silver.${name}`,
        Object.keys(columns).filter(column => NAMING.has(column)),
      ),
    ),
  ],
}
