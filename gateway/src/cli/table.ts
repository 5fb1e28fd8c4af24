/** Chinese characters take two columns of a terminal. */
function width(text: string): number {
  let columns = 0
  for (const letter of text) columns += /[\u1100-\uffdc]/.test(letter) ? 2 : 1
  return columns
}

const CELL_MAX = 60

function cut(text: string): string {
  if (width(text) <= CELL_MAX) return text
  let kept = ''
  for (const letter of text) {
    if (width(kept) >= CELL_MAX - 1) break
    kept += letter
  }
  return `${kept}…`
}

/** Rows as aligned columns; numbers to the right. The last column may be as long as it likes. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const last = head.length - 1
  const all = [head, ...rows].map(row => row.map((cell, i) => (i === last ? cell : cut(cell))))
  const widths = head.map((_, i) => Math.max(...all.map(row => width(row[i] ?? ''))))
  const numeric = head.map((_, i) => rows.every(row => /^-?[\d,.]*$/.test(row[i] ?? '')))
  return all.map(row =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] ?? 0) - width(cell))
        if (i === last && !numeric[i]) return cell
        return numeric[i] ? space + cell : cell + space
      })
      .join('  '),
  )
}
