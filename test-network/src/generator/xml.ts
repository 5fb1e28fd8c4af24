/** One XML element; attributes go into the name as written (`cbc:Amount currencyID="CNY"`). */
export interface Element {
  readonly open: string
  readonly content: readonly Element[] | string
}

export const element = (open: string, ...content: readonly Element[] | [string]): Element => ({
  open,
  content: typeof content[0] === 'string' ? content[0] : (content as readonly Element[]),
})

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function render(node: Element, indent: string): string {
  const name = node.open.split(' ', 1)[0]
  if (typeof node.content === 'string') {
    return `${indent}<${node.open}>${escape(node.content)}</${name}>\n`
  }
  const inner = node.content.map(child => render(child, `${indent}  `)).join('')
  return `${indent}<${node.open}>\n${inner}${indent}</${name}>\n`
}

export const xmlText = (root: Element): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${render(root, '')}`
