import type { Page } from 'playwright-core'

/**
 * What is wrong with the page as it stands, measured in the browser: its frame (title, language, one heading, one
 * main part), names for screen readers, text that nobody translated, text too faint to read, a page wider than
 * the window. A script as text, because this workspace has no types of a browser.
 */
const MEASURE = String.raw`(() => {
  const faults = []
  const claim = (holds, what) => { if (!holds) faults.push(what) }
  const root = document.documentElement
  const seen = element => element.getClientRects().length > 0 && !element.closest('.unseen')

  claim(/^(zh-CN|en)$/.test(root.lang), 'language of the document: ' + root.lang)
  claim(/TriFlow/.test(document.title), 'title: ' + document.title)
  claim(document.querySelectorAll('h1').length === 1, 'headings of the first level')
  claim(document.querySelectorAll('main').length === 1, 'main parts')
  claim(root.scrollWidth <= root.clientWidth, 'wider than the window: ' + root.scrollWidth)

  for (const control of document.querySelectorAll('a, button, input, [role=button]')) {
    if (!seen(control) && control.tagName !== 'INPUT') continue
    const labels = [...(control.labels ?? [])].map(label => label.textContent).join('')
    const name = control.getAttribute('aria-label') || control.textContent.trim() || labels
    claim(name, 'a control without a name: ' + control.outerHTML.slice(0, 120))
  }
  for (const picture of document.querySelectorAll('svg')) {
    const told = picture.closest('[aria-hidden=true], [role=img][aria-label]')
    claim(told, 'a picture without words: ' + picture.outerHTML.slice(0, 120))
  }

  const parse = colour => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number)
    return { rgb: [r, g, b], alpha: a }
  }
  const over = (top, below) => top.rgb.map((one, i) => one * top.alpha + below[i] * (1 - top.alpha))
  const ground = element => {
    const layers = []
    for (let at = element; at; at = at.parentElement) {
      const layer = parse(getComputedStyle(at).backgroundColor)
      if (layer.alpha > 0) layers.push(layer)
      if (layer.alpha === 1) break
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255])
  }
  const light = rgb => {
    const [r, g, b] = rgb.map(v => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    const text = texts.currentNode.data.trim()
    if (!text || !seen(element) || element.closest('svg, script, style')) continue
    if (!element.closest('code')) claim(!/^[a-z]+(\.[A-Za-z_]+)+$/.test(text), 'not translated: ' + text)
    const style = getComputedStyle(element)
    const below = ground(element)
    const [a, b] = [light(over(parse(style.color), below)), light(below)]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const large = parseFloat(style.fontSize) >= 24
    claim(ratio >= (large ? 3 : 4.5), 'contrast ' + ratio.toFixed(2) + ': ' + text.slice(0, 40))
  }
  return [...new Set(faults)]
})()`

export async function pageFaults(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(MEASURE)
}
