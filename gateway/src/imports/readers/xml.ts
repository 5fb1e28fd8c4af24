import { SaxesParser, type SaxesTagNS } from 'saxes'
import { FileFault } from '../advice.ts'
import { decoded, type Encoding } from './encoding.ts'

/** One element with what stands inside it; names without prefix. */
export interface Node {
  readonly name: string
  readonly line: number
  readonly children: Node[]
  text: string
}

export interface XmlOptions {
  /**
   * Paths, e.g. `Document/BkToCstmrStmt/Stmt/Ntry`, whose elements are handed over as soon as they end and
   * are then forgotten, so that a long file needs no memory.
   */
  readonly pieces: ReadonlySet<string>
  readonly onRoot?: (root: { name: string; uri: string }) => void
}

export type Piece = { readonly path: string; readonly node: Node }

const DEPTH_MAX = 64
const NODES_MAX = 200_000
const TEXT_MAX = 20_000

/**
 * Reads XML as a stream. A DOCTYPE is refused where it begins, so no entity is ever declared, fetched or
 * expanded; the five predefined ones are all there is.
 */
export async function* readXml(
  file: string,
  encoding: Encoding,
  options: XmlOptions,
): AsyncGenerator<Piece> {
  const builder = createBuilder(options)
  for await (const text of decoded(file, encoding)) {
    builder.write(text)
    yield* builder.take()
  }
  builder.close()
  yield* builder.take()
}

interface Builder {
  write(text: string): void
  close(): void
  take(): Piece[]
}

function createBuilder(options: XmlOptions): Builder {
  const parser = new SaxesParser({ xmlns: true, position: true })
  const stack: Node[] = []
  let path: string[] = []
  let ready: Piece[] = []
  let nodes = 0
  let seenRoot = false

  const here = (): { line: number } => ({ line: parser.line })
  parser.on('doctype', () => {
    throw new FileFault('XML_DTD_REFUSED', here())
  })
  parser.on('error', () => {
    throw new FileFault(seenRoot ? 'XML_MALFORMED' : 'FILE_FORMAT_UNKNOWN', here())
  })
  parser.on('opentag', tag => {
    open(tag)
  })
  parser.on('text', text => {
    addText(text)
  })
  parser.on('cdata', text => {
    addText(text)
  })
  parser.on('closetag', () => {
    closeTag()
  })

  function open(tag: SaxesTagNS): void {
    if (stack.length >= DEPTH_MAX) throw new FileFault('XML_TOO_DEEP', here())
    if (++nodes > NODES_MAX) throw new FileFault('XML_TOO_LARGE', here())
    if (!seenRoot) {
      seenRoot = true
      options.onRoot?.({ name: tag.local, uri: tag.uri })
    }
    const node = { name: tag.local, line: parser.line, children: [], text: '' }
    stack.at(-1)?.children.push(node)
    stack.push(node)
    path.push(tag.local)
  }

  function addText(text: string): void {
    const node = stack.at(-1)
    if (!node) return
    if (node.text.length + text.length > TEXT_MAX) throw new FileFault('XML_TOO_LARGE', here())
    node.text += text
  }

  function closeTag(): void {
    const node = stack.pop()
    const at = path.join('/')
    path = path.slice(0, -1)
    if (!node || !options.pieces.has(at)) return
    ready.push({ path: at, node })
    const parent = stack.at(-1)
    if (!parent) return
    parent.children.pop()
    nodes -= count(node)
  }

  return {
    write: text => void parser.write(text),
    close: () => void parser.close(),
    take() {
      const pieces = ready
      ready = []
      return pieces
    },
  }
}

function count(node: Node): number {
  return node.children.reduce((sum, child) => sum + count(child), 1)
}

/** The first element at a path below `node`, e.g. `Party/PartyLegalEntity/CompanyID`. */
export function find(node: Node, path: string): Node | undefined {
  let current: Node | undefined = node
  for (const name of path.split('/')) current = current?.children.find(child => child.name === name)
  return current
}

export function findAll(node: Node, name: string): Node[] {
  return node.children.filter(child => child.name === name)
}

/** Its text without surrounding space; empty where there is no such element. */
export function textAt(node: Node, path: string): string {
  return find(node, path)?.text.trim() ?? ''
}
