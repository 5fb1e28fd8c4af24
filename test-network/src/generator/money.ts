/** Yuan with two decimals, as documents show it. */
export function yuan(fen: bigint): string {
  const sign = fen < 0n ? '-' : ''
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, '0')
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** `amount * percent / 100`, half up. */
export const percentOf = (amountFen: bigint, percent: bigint): bigint =>
  (amountFen * percent * 2n + 100n) / 200n

export const sumOf = (amounts: readonly bigint[]): bigint =>
  amounts.reduce((total, amount) => total + amount, 0n)
