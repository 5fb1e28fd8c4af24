/** PDFs made by hand, so that tests know every byte: Chinese text by character maps that are only named. */
import { deflateSync } from 'node:zlib'

/** @param objects numbered from 1; the first is the catalogue. */
export function pdfOf(objects: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n', 'latin1')]
  const offsets: number[] = []
  let length = parts[0]?.length ?? 0
  const put = (part: Buffer): void => {
    parts.push(part)
    length += part.length
  }
  objects.forEach((object, at) => {
    offsets.push(length)
    put(Buffer.from(`${at + 1} 0 obj\n`, 'latin1'))
    put(typeof object === 'string' ? Buffer.from(object, 'latin1') : object)
    put(Buffer.from('\nendobj\n', 'latin1'))
  })
  const rows = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`)
  const head = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows.join('')}`
  const tail = `trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${length}\n%%EOF\n`
  return Buffer.concat([...parts, Buffer.from(head + tail, 'latin1')])
}

/** @param times how often it is deflated. */
export function streamOf(content: Buffer | string, times = 1): Buffer {
  let packed = Buffer.from(content)
  for (let each = 0; each < times; each++) packed = deflateSync(packed)
  const filter = times === 0 ? '' : `/Filter[${'/FlateDecode '.repeat(times)}]`
  const head = Buffer.from(`<</Length ${packed.length}${filter}>>\nstream\n`, 'latin1')
  return Buffer.concat([head, packed, Buffer.from('\nendstream', 'latin1')])
}

const FONT = [
  '<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light',
  '/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/DW 1000/FontDescriptor 5 0 R>>',
].join('')
const DESCRIPTOR = [
  '<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/FontBBox[-25 -254 1000 880]',
  '/ItalicAngle 0/Ascent 880/Descent -120/CapHeight 880/StemV 93>>',
].join('')

export type CharacterMap = 'UniGB-UCS2-H' | 'UniGB-UTF16-H' | 'GBK-EUC-H'

/** The objects of a document whose pages have these contents, with a Chinese font `F1` that is not embedded. */
export function pagesOf(contents: readonly Buffer[], map: CharacterMap = 'UniGB-UCS2-H') {
  const kids = contents.map((_, at) => `${6 + 2 * at} 0 R`).join(' ')
  return [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${contents.length}/Kids[${kids}]>>`,
    `<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/${map}/DescendantFonts[4 0 R]>>`,
    FONT,
    DESCRIPTOR,
    ...contents.flatMap((content, at) => [pageOf(7 + 2 * at), content]),
  ]
}

export const pageOf = (content: number): string =>
  `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents ${content} 0 R>>`

/** A page of lines, each of characters that the map has; for GBK the caller encodes. */
export function linesOf(lines: readonly string[], hexOf: (line: string) => string): Buffer {
  const shown = lines.map(line => `<${hexOf(line)}> Tj T*`).join('\n')
  return streamOf(`BT /F1 12 Tf 50 780 Td 16 TL ${shown} ET`)
}

export const utf16Hex = (text: string): string =>
  Buffer.from(text, 'utf16le').swap16().toString('hex')
