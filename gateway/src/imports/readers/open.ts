import { stat } from 'node:fs/promises'
import { FileFault } from '../advice.ts'
import type { FileShape, Reading } from '../drafts.ts'
import { CAMT_NAMESPACE, readCamt } from './camt.ts'
import { readCsv } from './csv.ts'
import { detectEncoding, firstBytes, type Encoding } from './encoding.ts'
import { readUbl, UBL, UBL_NAMESPACE } from './ubl.ts'
import { readXml } from './xml.ts'
import { unzip } from './zip.ts'

const ZIP = Buffer.from('PK\u0003\u0004', 'latin1')
const EMPTY_ZIP = Buffer.from('PK\u0005\u0006', 'latin1')
const SNIFF_BYTES = 4096

/** What a file is, by its content alone: a name proves nothing. */
export async function openFile(file: string, scratch: string): Promise<FileShape> {
  if ((await stat(file)).size === 0) throw new FileFault('FILE_EMPTY')
  const head = await firstBytes(file, SNIFF_BYTES)
  if (head.subarray(0, 4).equals(EMPTY_ZIP)) throw new FileFault('FILE_EMPTY')
  if (!head.subarray(0, 4).equals(ZIP)) return openText(file, head)
  if (head.includes('[Content_Types].xml')) throw new FileFault('SPREADSHEET')
  return { format: 'zip', encoding: undefined, readings: readArchive(file, scratch) }
}

async function openText(file: string, head: Buffer): Promise<FileShape> {
  const encoding = await detectEncoding(file)
  const text = new TextDecoder(encoding)
    .decode(head)
    .replace(/^\uFEFF/, '')
    .trimStart()
  if (text === '') throw new FileFault('FILE_EMPTY')
  return text.startsWith('<') ? openXml(file, encoding) : readCsv(file, encoding)
}

class RootFound extends Error {
  readonly root: { name: string; uri: string }
  constructor(root: { name: string; uri: string }) {
    super('root')
    this.root = root
  }
}

/** Reads as far as the root element and stops there. */
async function rootOf(file: string, encoding: Encoding): Promise<{ name: string; uri: string }> {
  try {
    const pieces = readXml(file, encoding, {
      pieces: new Set(),
      onRoot: root => {
        throw new RootFound(root)
      },
    })
    for await (const piece of pieces) void piece
  } catch (error) {
    if (error instanceof RootFound) return error.root
    throw error
  }
  throw new FileFault('XML_MALFORMED', { line: 1 })
}

async function openXml(file: string, encoding: Encoding): Promise<FileShape> {
  const root = await rootOf(file, encoding)
  if (root.name === 'Document' && CAMT_NAMESPACE.test(root.uri))
    return { format: 'camt.053', encoding, readings: readCamt(file, encoding) }
  const named = UBL_NAMESPACE.exec(root.uri)?.[1]
  const recipe = named === root.name ? UBL[root.name] : undefined
  if (!recipe) throw new FileFault('FILE_FORMAT_UNKNOWN', { line: 1, field: root.name })
  return { format: recipe.format, encoding, readings: readUblFile(file, encoding, root.name) }
}

async function* readUblFile(
  file: string,
  encoding: Encoding,
  root: string,
): AsyncGenerator<Reading> {
  for await (const { node } of readXml(file, encoding, { pieces: new Set([root]) }))
    yield readUbl(node)
}

/** Every file of an archive is judged like one that was uploaded alone; a bad one refuses only itself. */
async function* readArchive(file: string, scratch: string): AsyncGenerator<Reading> {
  for await (const { name, file: inner } of unzip(file, scratch)) {
    try {
      const head = await firstBytes(inner, 4)
      if (head.equals(ZIP)) throw new FileFault('ZIP_NESTED')
      const shape = await openFile(inner, scratch)
      for await (const reading of shape.readings) yield { ...reading, entry: name }
    } catch (error) {
      if (!(error instanceof FileFault) || error.code === 'ZIP_NESTED') throw error
      const fault = { code: error.code, line: error.line ?? 1, field: error.field }
      yield { line: error.line ?? 1, entry: name, kind: undefined, number: undefined, fault }
    }
  }
}
