/** Money, shares and dates, formatted here and nowhere else. Money is a decimal string of fen; no float. */

const separators = /\B(?=(\d{3})+(?!\d))/g

/** What is shown for a value that is not known: never a zero. */
export const UNKNOWN = '—'

/** `fen`: decimal string of minor units, for example "1234567"; answers "12,345.67". */
export function formatFen(fen: string | undefined): string {
  if (fen === undefined || !/^-?\d+$/.test(fen)) return UNKNOWN
  const negative = fen.startsWith('-')
  const digits = (negative ? fen.slice(1) : fen).padStart(3, '0')
  const yuan = digits.slice(0, -2).replace(separators, ',')
  return `${negative ? '−' : ''}${yuan}.${digits.slice(-2)}`
}

/** Units a reader thinks in, largest first: size in fen, name, decimals. */
const UNITS = {
  zh: [
    [10_000_000_000n, '亿', 2],
    [1_000_000n, '万', 1],
  ],
  en: [
    [100_000_000_000n, 'bn', 2],
    [100_000_000n, 'M', 2],
    [100_000n, 'k', 1],
  ],
} as const

/** Large sums for tiles and pictures, rounded half up in the reader's unit (万, 亿; k, M, bn). */
export function formatFenShort(fen: string, language: string): string {
  const value = BigInt(fen)
  const size = value < 0n ? -value : value
  const sign = value < 0n ? '−' : ''
  const unit = UNITS[language === 'zh' ? 'zh' : 'en'].find(([fenInUnit]) => size >= fenInUnit)
  if (!unit) return `${sign}${formatCount((size + 50n) / 100n)}`
  const [fenInUnit, name, decimals] = unit
  const scale = 10n ** BigInt(decimals)
  const parts = (size * scale + fenInUnit / 2n) / fenInUnit
  const fraction = (parts % scale).toString().padStart(decimals, '0')
  return `${sign}${formatCount(parts / scale)}.${fraction} ${name}`
}

export function formatCount(count: number | bigint): string {
  return count.toString().replace(separators, ',')
}

/** A share in percent with one decimal. Only the whole is 100 %, only nothing is 0 %. */
export function formatShare(part: bigint, whole: bigint): string {
  if (whole <= 0n) return UNKNOWN
  const rounded = (part * 2000n + whole) / (2n * whole)
  const tenths =
    part < whole && rounded >= 1000n ? 999n : part > 0n && rounded === 0n ? 1n : rounded
  return `${formatCount(tenths / 10n)}.${tenths % 10n} %`
}

/** Days are ISO dates from the gateway and are shown as such in both languages: unambiguous. */
export function formatDay(day: string | undefined): string {
  return day ?? UNKNOWN
}

/** Whole calendar days from one ISO day to another; negative when the second is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000)
}

/** An instant in the reader's own time zone, to the minute: "2026-11-25 09:48". */
export function formatInstant(instant: string): string {
  const at = new Date(instant)
  if (Number.isNaN(at.getTime())) return UNKNOWN
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The beginning of a long identifier, enough to find it again. */
export function formatId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 10)}…` : id
}
