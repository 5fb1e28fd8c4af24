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
  described: [
    {
      name: `gold.${PRESENT.name}`,
      words: { zh: '特征现值', en: 'Features as they stand' },
      columns: {
        member: {
          type: 'VARCHAR',
          is: ['ID_NUMBER', 'QUASI', 'SUBJECT'],
          words: { zh: '成员', en: 'member or person' },
        },
        feature: { type: 'VARCHAR', is: ['PLAIN'], words: { zh: '特征', en: 'feature' } },
        version: { type: 'VARCHAR', is: ['PLAIN'], words: { zh: '定义版本', en: 'version' } },
        value: { type: 'BIGINT', is: ['PLAIN'], words: { zh: '数值', en: 'value' } },
        computed_at: {
          type: 'TIMESTAMP',
          is: ['PLAIN'],
          words: { zh: '计算时间', en: 'computed at' },
        },
      },
      key: ['member', 'feature'],
      rows: { CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' },
    },
  ],
  retention: [
    { table: `gold.${PRESENT.name}`, keeps: 'TIME', class: 'OPERATIONAL', clock: 'computed_at' },
  ],
  personal: [
    {
      table: `gold.${PRESENT.name}`,
      finds: {
        MEMBER: [{ by: 'COLUMN', column: 'member' }],
        PERSON: [{ by: 'COLUMN', column: 'member' }],
      },
      erase: 'DELETE',
    },
  ],
}
