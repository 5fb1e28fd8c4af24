/** Made rows: thirty columns, ten of which say something of the label. */
import { createRandom } from '@triflow/learning'

const SAYING = 10

/** Column behind column, the labels last. */
export function someRows(rows: number, columns: number): Float64Array {
  const random = createRandom(1)
  const numbers = new Float64Array(rows * (columns + 1))
  for (let at = 0; at < rows * columns; at += 1)
    numbers[at] = random.next() + random.next() + random.next() - 1.5
  for (let row = 0; row < rows; row += 1) {
    let odds = 0
    for (let column = 0; column < SAYING; column += 1)
      odds += (numbers[column * rows + row] as number) * (column % 2 === 0 ? 2 : -2)
    numbers[rows * columns + row] = random.next() < 1 / (1 + Math.exp(-odds)) ? 1 : 0
  }
  return numbers
}
