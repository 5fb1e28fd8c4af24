/**
 * One form of text for what is stored, asked and marked: without it, the same invoice number in full-width digits
 * would be another one. Each character of the folded text knows where it came from, so that a hit can be marked in
 * the text as it was written.
 */
export interface Folded {
  readonly text: string
  /** Where in the original each UTF-16 unit of `text` begins, and at last the original's length. */
  readonly origin: Uint32Array
}

const SPACE = 0x20
/** A letter and the marks that stand on it, which Unicode may write as one. */
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu
const BLANK = /^[\s\p{C}]+$/u
/** Text of Chinese: characters, and the punctuation that stands between them. */
const HAN = /[\p{Script=Han}\u3000-\u303f]/u

/**
 * Compatibility forms become their common ones (NFKC), Latin is lower-cased, traditional and simplified stay apart.
 * White space is one space, and none between Chinese characters: a line of a PDF ends where the paper does, in the
 * middle of a word.
 */
export function fold(text: string): Folded {
  const out: string[] = []
  const from: number[] = []
  let blankAt = -1
  function put(piece: string, at: number): void {
    if (blankAt >= 0 && out.length > 0 && !(isHan(out.at(-1) ?? '') && isHan(piece))) {
      out.push(' ')
      from.push(blankAt)
    }
    blankAt = -1
    out.push(piece)
    for (let unit = 0; unit < piece.length; unit++) from.push(at)
  }
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    const piece = folded(cluster)
    if (piece !== undefined) put(piece, index)
    else if (blankAt < 0) blankAt = index
  }
  from.push(text.length)
  return { text: out.join(''), origin: Uint32Array.from(from) }
}

/** The folded form, or nothing for what only separates. */
function folded(cluster: string): string | undefined {
  const code = cluster.charCodeAt(0)
  if (cluster.length === 1 && isIdeograph(code)) return cluster
  if (cluster.length === 1 && code < 0x80)
    return code <= SPACE || code === 0x7f ? undefined : cluster.toLowerCase()
  const piece = cluster.normalize('NFKC').toLowerCase()
  return piece === '' || BLANK.test(piece) ? undefined : piece
}

const isIdeograph = (code: number): boolean => code >= 0x4e00 && code <= 0x9fff

const isHan = (piece: string): boolean => isIdeograph(piece.charCodeAt(0)) || HAN.test(piece)
