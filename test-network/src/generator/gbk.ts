/** Node decodes GBK but does not encode it: the table is the decoder's, turned round once. */
let table: Map<string, number> | undefined

function encodeTable(): Map<string, number> {
  if (table) return table
  table = new Map()
  const decoder = new TextDecoder('gbk')
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue
      const character = decoder.decode(Uint8Array.of(lead, trail))
      if (character.length === 1 && character !== '�' && !table.has(character)) {
        table.set(character, (lead << 8) | trail)
      }
    }
  }
  return table
}

/** Text in GBK. Throws on a character that GBK does not have. */
export function encodeGbk(text: string): Uint8Array {
  const pairs = encodeTable()
  const bytes = new Uint8Array(text.length * 2)
  let at = 0
  for (const character of text) {
    const code = character.charCodeAt(0)
    if (code < 0x80) {
      bytes[at++] = code
      continue
    }
    const pair = pairs.get(character)
    if (pair === undefined) throw new Error(`GBK has no ${character}`)
    bytes[at++] = pair >> 8
    bytes[at++] = pair & 0xff
  }
  return bytes.subarray(0, at)
}
