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
/** All text of a tree that is still open. */
const TREE_TEXT_MAX = 32 * 1024 * 1024
/** The parser keeps what it has not made an event of: one endless text, comment or attribute. */
const EVENTLESS_MAX = 1024 * 1024

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
  const here = (): { line: number } => ({ line: parser.line })
  const tree = createTree(options, here)
  let eventless = 0
  const after =
    <T>(act: (value: T) => void) =>
    (value: T): void => {
      eventless = 0
      act(value)
    }
  parser.on('doctype', () => {
    throw new FileFault('XML_DTD_REFUSED', here())
  })
  parser.on('error', () => {
    throw new FileFault(tree.begun() ? 'XML_MALFORMED' : 'FILE_FORMAT_UNKNOWN', here())
  })
  parser.on('opentag', after(tree.open))
  parser.on('text', after(tree.text))
  parser.on('cdata', after(tree.text))
  parser.on('closetag', after(tree.close))
  const nothing = after(() => undefined)
  parser.on('comment', nothing)
  parser.on('processinginstruction', nothing)
  return {
    write(text) {
      eventless += text.length
      parser.write(text)
      if (eventless > EVENTLESS_MAX) throw new FileFault('XML_TOO_LARGE', here())
    },
    close: () => void parser.close(),
    take: tree.take,
  }
}

interface Tree {
  open(tag: SaxesTagNS): void
  text(text: string): void
  close(): void
  take(): Piece[]
  /** The root element has been seen. */
  begun(): boolean
}

/** The elements that are open, and what has been read of them; a piece leaves the tree as soon as it ends. */
function createTree(options: XmlOptions, here: () => { line: number }): Tree {
  const stack: Node[] = []
  let path: string[] = []
  let ready: Piece[] = []
  let begun = false
  const held = { nodes: 0, chars: 0 }

  function hold(nodes: number, chars: number): void {
    held.nodes += nodes
    held.chars += chars
    if (held.nodes > NODES_MAX || held.chars > TREE_TEXT_MAX)
      throw new FileFault('XML_TOO_LARGE', here())
  }

  return {
    open(tag) {
      if (stack.length >= DEPTH_MAX) throw new FileFault('XML_TOO_DEEP', here())
      hold(1, 0)
      if (!begun) options.onRoot?.({ name: tag.local, uri: tag.uri })
      begun = true
      const node = { name: tag.local, line: here().line, children: [], text: '' }
      stack.at(-1)?.children.push(node)
      stack.push(node)
      path.push(tag.local)
    },
    text(text) {
      const node = stack.at(-1)
      if (!node) return
      if (node.text.length + text.length > TEXT_MAX) throw new FileFault('XML_TOO_LARGE', here())
      hold(0, text.length)
      node.text += text
    },
    close() {
      const node = stack.pop()
      const at = path.join('/')
      path = path.slice(0, -1)
      if (!node || !options.pieces.has(at)) return
      ready.push({ path: at, node })
      const parent = stack.at(-1)
      if (!parent) return
      parent.children.pop()
      const { nodes, chars } = sizeOf(node)
      hold(-nodes, -chars)
    },
    take() {
      const pieces = ready
      ready = []
      return pieces
    },
    begun: () => begun,
  }
}

function sizeOf(node: Node): { nodes: number; chars: number } {
  const size = { nodes: 1, chars: node.text.length }
  for (const child of node.children) {
    const { nodes, chars } = sizeOf(child)
    size.nodes += nodes
    size.chars += chars
  }
  return size
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
