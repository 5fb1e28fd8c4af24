import { SaxesParser } from 'saxes'
import { Refusal, TextSink, type Extraction, type Limits } from './outcome.ts'

const DEPTH_MAX = 256
const PIECE = 65_536

/**
 * What stands between the tags and in the attributes, each on a line of its own. A DOCTYPE is refused where it
 * begins, so no entity is ever declared, fetched or expanded.
 */
export function readXml(text: string, limits: Limits): Extraction {
  const sink = new TextSink(limits.text)
  const parser = new SaxesParser({ position: false })
  let depth = 0
  const put = (piece: string): void => {
    const trimmed = piece.trim()
    if (trimmed !== '') sink.put(`${trimmed}\n`)
  }
  parser.on('doctype', () => {
    throw new Refusal('XML_DTD_REFUSED')
  })
  parser.on('error', () => {
    throw new Refusal('XML_MALFORMED')
  })
  parser.on('opentag', ({ attributes }) => {
    if (++depth > DEPTH_MAX) throw new Refusal('XML_TOO_DEEP')
    for (const [name, value] of Object.entries(attributes)) if (!isTechnical(name)) put(value)
  })
  parser.on('closetag', () => void depth--)
  parser.on('text', put)
  parser.on('cdata', put)
  for (let from = 0; from < text.length && !sink.cut; from += PIECE)
    parser.write(text.slice(from, from + PIECE))
  if (!sink.cut) parser.close()
  return {
    outcome: 'EXTRACTED',
    kind: 'XML',
    text: sink.text(),
    cut: sink.cut,
    warnings: sink.cut ? ['TEXT_CUT'] : [],
  }
}

/** Name spaces and places of schemas are no text of the document. */
const isTechnical = (name: string): boolean => /^(?:xmlns|xsi)(?::|$)/.test(name)
