/**
 * How long each class of rows is kept, and on what ground. An organisation may choose other periods in its
 * configuration, within the bounds that the law sets: not shorter than it demands, not longer than it allows.
 */
import { CodedError } from '../../platform/faults.ts'
import type { LegalGround, RetentionClass } from '../sources/source.ts'

export interface Period {
  readonly count: number
  readonly unit: 'YEAR' | 'MONTH' | 'DAY'
}

export interface Rule {
  /** Absent: until the subject withdraws. */
  readonly keep?: Period
  /** Shorter the law does not allow: until then a deletion is refused, with the ground. */
  readonly atLeast?: Period
  readonly atMost?: Period
  /** END_OF_YEAR: the period begins with the calendar year after the event, in China. */
  readonly from: 'EVENT' | 'END_OF_YEAR'
  readonly grounds: readonly LegalGround[]
}
export type Rules = Readonly<Record<RetentionClass, Rule>>

const years = (count: number): Period => ({ count, unit: 'YEAR' })
const read = (zh: string, en: string): LegalGround => ({ zh, en, status: 'V' })
// Not in the statutes at hand: counsel confirms it before anything rests on it.
const told = (zh: string, en: string): LegalGround => ({ zh, en, status: 'S' })

const SHORTEST = told(
  '个人信息保护法第十九条:保存期限应当为实现处理目的所必要的最短时间',
  'PIPL art. 19: no longer than the purpose needs',
)
/** Also why a row that the law still wants kept is not deleted: from then on it is stored and nothing else. */
export const ERASURE = read(
  '个人信息保护法第四十七条:处理目的已实现、保存期限已届满或者个人撤回同意的,应当删除;法律规定的保存期限未届满的,停止除存储和必要的安全保护措施之外的处理',
  'PIPL art. 47: delete when the purpose or the period has ended or consent is withdrawn; while a legal period runs, store and protect, and nothing else',
)

export const RULES: Rules = {
  ACCOUNTING: {
    keep: years(30),
    atLeast: years(30),
    atMost: years(30),
    from: 'END_OF_YEAR',
    grounds: [
      told(
        '会计档案管理办法第十四条及附表:会计凭证、账簿保管三十年,自会计年度终了后的第一天算起',
        'Accounting Archives Measures art. 14 and schedule: vouchers and books thirty years from the end of the year',
      ),
      SHORTEST,
    ],
  },
  TRANSACTION: {
    keep: years(10),
    atLeast: years(10),
    atMost: years(30),
    from: 'END_OF_YEAR',
    grounds: [
      told(
        '反洗钱法(2024年修订)第三十四条:客户身份资料、交易信息至少保存十年',
        'Anti-Money-Laundering Law (2024) art. 34: customer data and transactions ten years at least',
      ),
      told(
        '会计档案管理办法附表:银行对账单保管十年',
        'Accounting Archives Measures, schedule: bank statements ten years',
      ),
      SHORTEST,
    ],
  },
  TAX: {
    keep: years(10),
    atLeast: years(10),
    atMost: years(30),
    from: 'END_OF_YEAR',
    grounds: [
      told(
        '税收征收管理法实施细则第二十九条:涉税资料保存十年',
        'Tax Collection Law, implementing rules art. 29: tax documents ten years',
      ),
      SHORTEST,
    ],
  },
  PUBLIC_RECORD: {
    keep: years(3),
    atMost: years(5),
    from: 'EVENT',
    grounds: [SHORTEST, ERASURE],
  },
  CREDIT: {
    keep: years(5),
    atMost: years(5),
    from: 'EVENT',
    grounds: [
      told(
        '征信业管理条例第十六条:个人不良信息自不良行为或者事件终止之日起保存五年,超过的应当删除',
        'Credit Reporting Regulation art. 16: adverse information five years, then it is deleted',
      ),
      SHORTEST,
    ],
  },
  OPERATIONAL: {
    keep: years(3),
    atMost: years(5),
    from: 'EVENT',
    grounds: [
      told(
        '民法典第一百八十八条:诉讼时效期间为三年',
        'Civil Code art. 188: claims lapse after three years',
      ),
      SHORTEST,
    ],
  },
  PROCESSING_RECORD: {
    keep: years(3),
    atLeast: years(3),
    atMost: years(5),
    from: 'EVENT',
    grounds: [
      told(
        '个人信息保护法第五十六条:个人信息保护影响评估报告和处理情况记录应当至少保存三年',
        'PIPL art. 56: records of what was done with personal information three years at least',
      ),
      SHORTEST,
    ],
  },
  PERSONAL_OPT_IN: { from: 'EVENT', grounds: [ERASURE] },
  BEHAVIOUR: {
    keep: { count: 6, unit: 'MONTH' },
    atLeast: { count: 6, unit: 'MONTH' },
    atMost: years(3),
    from: 'EVENT',
    grounds: [
      told(
        '网络安全法第二十一条第(三)项(2016年文本):网络日志留存不少于六个月',
        'Cybersecurity Law art. 21(3), text of 2016: logs six months at least',
      ),
      SHORTEST,
    ],
  },
  DIAGNOSTIC: {
    keep: { count: 90, unit: 'DAY' },
    atMost: years(1),
    from: 'EVENT',
    grounds: [SHORTEST],
  },
}

export const CLASSES = Object.keys(RULES) as RetentionClass[]

const UNITS = { Y: 'YEAR', M: 'MONTH', D: 'DAY' } as const
const DAYS = { YEAR: 365.25, MONTH: 30.4375, DAY: 1 } as const
const daysOf = ({ count, unit }: Period): number => count * DAYS[unit]

/** `P30Y`, `P6M`, `P90D`: one number of one unit. */
export function parsePeriod(text: string): Period {
  const [, count, unit] = /^P([1-9]\d{0,3})([YMD])$/.exec(text) ?? []
  if (!count || !unit)
    throw new CodedError('RETENTION_PERIOD', { detail: `${text}: write P10Y, P6M or P90D` })
  return { count: Number(count), unit: UNITS[unit as keyof typeof UNITS] }
}
export const periodText = ({ count, unit }: Period): string => `P${count}${unit[0]}`

/**
 * The rules with the periods that an organisation has chosen.
 *
 * @throws CodedError RETENTION_OUT_OF_BOUNDS where the law does not allow one.
 */
export function rulesWith(chosen: Readonly<Record<string, string>> = {}): Rules {
  const rules: Record<RetentionClass, Rule> = { ...RULES }
  for (const [name, text] of Object.entries(chosen)) {
    const rule = RULES[name as RetentionClass]
    if (!Object.hasOwn(RULES, name))
      throw new CodedError('RETENTION_CLASS', { detail: `${name}: one of ${CLASSES.join(', ')}` })
    const keep = parsePeriod(text)
    const isShort = rule.atLeast !== undefined && daysOf(keep) < daysOf(rule.atLeast)
    const isLong = rule.atMost !== undefined && daysOf(keep) > daysOf(rule.atMost)
    if (isShort || isLong)
      throw new CodedError('RETENTION_OUT_OF_BOUNDS', {
        detail: `${name}: ${text} is ${isShort ? 'shorter than the law demands' : 'longer than the law allows'}`,
      })
    rules[name as RetentionClass] = { ...rule, keep }
  }
  return rules
}
