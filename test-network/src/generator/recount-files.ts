// Reading for the recount: as plain as it can be, and shared with nobody.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A small year may have nothing of a kind: then there is no folder. */
export const filesUnder = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(name => /\.(csv|xml)$/.test(name))
        .sort()
        .map(name => path.join(folder, name))
    : []

export function textOf(file: string): string {
  const bytes = readFileSync(file)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gbk', { fatal: true }).decode(bytes)
  }
}

/** A row, asked by column name; a missing column reads as empty. */
export type Cells = (name: string) => string

/** The rows of a CSV file; these files hold no quoted line breaks. */
export function table(file: string): Cells[] {
  const [head = '', ...lines] = textOf(file).trimEnd().split(/\r?\n/)
  const names = head.split(',')
  return lines.map(line => {
    const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(match =>
      (match[1] ?? '').replace(/^"|"$/g, '').replaceAll('""', '"'),
    )
    return name => cells[names.indexOf(name)] ?? ''
  })
}

export const inside = (xml: string, tag: string): string[] =>
  [...xml.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([\\s\\S]*?)</${tag}>`, 'g'))].map(
    m => m[1] ?? '',
  )

export const first = (xml: string, ...tags: string[]): string =>
  tags.reduce((text, tag) => inside(text, tag)[0] ?? '', xml).trim()

/** Yuan to fen; undefined when it is no amount of at most two decimals. */
export function fen(text: string): bigint | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(text)
  if (!parts) return undefined
  const value = BigInt(parts[2] + (parts[3] ?? '').padEnd(2, '0'))
  return parts[1] === '-' ? -value : value
}
