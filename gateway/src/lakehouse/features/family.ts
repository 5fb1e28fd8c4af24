import { inLayer, type Family } from '../family.ts'

/**
 * Every value of every member as it stands: one row each, so that a new definition needs no new column. Remade whole;
 * what is missing has no row.
 */
export const PRESENT = {
  name: 'features',
  columns: {
    member: 'VARCHAR',
    feature: 'VARCHAR',
    version: 'VARCHAR',
    value: 'BIGINT',
    computed_at: 'TIMESTAMP',
  },
} as const

export const featuresFamily: Family = {
  kept: inLayer('gold', [PRESENT]),
  derived: () => [],
  staged: [],
}
