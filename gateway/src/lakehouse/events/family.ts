import { inLayer, type Family } from '../family.ts'
import { LAKE } from '../names.ts'
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
}
