import { inLayer, type Family } from '../family.ts'
import { columnsOf, LAKE } from '../names.ts'
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
  derived: () => [
    ...Object.keys(SILVER_VIEWS).map(name => `DROP VIEW IF EXISTS ${LAKE}.silver.${name}`),
    ...SILVER_EVENTS.flatMap(table => [
      `DROP TABLE IF EXISTS ${silverPlace(table)}`,
      `CREATE TABLE ${silverPlace(table)} (${columnsOf(table)})`,
      `INSERT INTO ${silverPlace(table)} ${silverEvents(table, bronzeOf(table))}`,
    ]),
    ...Object.entries(SILVER_VIEWS).map(
      ([name, sql]) => `CREATE VIEW ${LAKE}.silver.${name} AS ${sql}`,
    ),
  ],
  staged: [EVENTS, BEHAVIOUR],
}
