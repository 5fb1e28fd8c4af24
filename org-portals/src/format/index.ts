/** Money and dates, formatted here and nowhere else. Money is a decimal string of fen; no float. */

const separators = /\B(?=(\d{3})+(?!\d))/g

/** `fen`: decimal string of minor units, for example "1234567"; answers "12,345.67". */
export function formatFen(fen: string | undefined): string {
  if (fen === undefined || !/^-?\d+$/.test(fen)) return '—'
  const negative = fen.startsWith('-')
  const digits = (negative ? fen.slice(1) : fen).padStart(3, '0')
  const yuan = digits.slice(0, -2).replace(separators, ',')
  return `${negative ? '−' : ''}${yuan}.${digits.slice(-2)}`
}

/** Large sums for charts and tiles, in ten thousand yuan (万) or as thousands and millions. */
export function formatFenShort(fen: string, language: string): string {
  const yuan = BigInt(fen) / 100n
  const [unit, name] = shortUnit(yuan, language)
  if (unit === 1n) return yuan.toString()
  const tenths = (yuan * 10n) / unit
  return `${(tenths / 10n).toString().replace(separators, ',')}.${(tenths % 10n).toString().replace('-', '')} ${name}`
}

function shortUnit(yuan: bigint, language: string): [bigint, string] {
  if (language === 'zh') return yuan >= 10_000n ? [10_000n, '万'] : [1n, '']
  if (yuan >= 1_000_000n) return [1_000_000n, 'M']
  return yuan >= 1_000n ? [1_000n, 'k'] : [1n, '']
}

/** Days are ISO dates from the gateway and are shown as such in both languages: unambiguous. */
export function formatDay(day: string | undefined): string {
  return day ?? '—'
}

/** The beginning of a transaction id, enough to find it again. */
export function formatTxId(txId: string): string {
  return `${txId.slice(0, 10)}…`
}
