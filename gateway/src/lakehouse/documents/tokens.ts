/** The words of a text and where they stand: the same function for a document and for a question. */
import { createRequire } from 'node:module'
import type * as jieba from '@node-rs/jieba'
import type { Jieba } from '@node-rs/jieba'
import type * as dictionary from '@node-rs/jieba/dict.js'
import { fold } from './fold.ts'

export interface Word {
  readonly word: string
  /** Where it begins in the folded text, in UTF-16 units, and how long it is there. */
  readonly at: number
  readonly length: number
}

/** Goes up with every change of what a word is here or in fold.ts: an index of other words is made anew. */
export const ANALYSER = 1

/** In nearly every text and so of no help: they are neither kept nor asked for. */
export const STOP_WORDS: ReadonlySet<string> = new Set([
  ...[
    '的',
    '了',
    '和',
    '与',
    '及',
    '或',
    '在',
    '是',
    '为',
    '于',
    '之',
    '等',
    '对',
    '其',
    '将',
    '并',
  ],
  ...['a', 'an', 'the', 'of', 'and', 'or', 'to', 'in'],
])

/** One word without end must not become one key without end; its pieces are found as a phrase. */
const WORD_MAX = 64
/** An amount with its thousands apart, a decimal, Chinese characters, or letters and digits of anything else. */
const RUN =
  /(?<![a-z\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![a-z\d])|\d+(?:\.\d+)+|\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}])+/gu
const HAN = /^\p{Script=Han}/u
const AMOUNT = /^\d{1,3}(?:,\d{3})+/

/** The words in order, as often as they stand there. */
export const tokensOf = (text: string): string[] =>
  wordsOfFolded(fold(text).text).map(({ word }) => word)

export function wordsOfFolded(folded: string): Word[] {
  const words: Word[] = []
  for (const { 0: run, index } of folded.matchAll(RUN)) {
    if (HAN.test(run)) putChinese(words, run, index)
    else if (AMOUNT.test(run))
      words.push({ word: run.replaceAll(',', ''), at: index, length: run.length })
    else putPieces(words, run, index)
  }
  return words.filter(({ word }) => !STOP_WORDS.has(word))
}

function putPieces(words: Word[], run: string, at: number): void {
  for (let from = 0; from < run.length; from += WORD_MAX) {
    const word = run.slice(from, from + WORD_MAX)
    words.push({ word, at: at + from, length: word.length })
  }
}

/**
 * Every word of the dictionary at every place where it stands, and every character. How a sentence is best cut
 * depends on all of it: 法定代表人马梓涵 would hold 人马 and not 马, and the person would not be found. What is in
 * the dictionary depends on nothing, so a text that holds a question holds its words.
 */
function putChinese(words: Word[], run: string, at: number): void {
  let offset = 0
  for (const character of run) {
    words.push({ word: character, at: at + offset, length: character.length })
    offset += character.length
  }
  // They come in the order of their beginnings; the same word begins further on each time.
  const nextOf = new Map<string, number>()
  let begun = 0
  for (const word of segmenter().cutAll(run)) {
    const found = run.indexOf(word, Math.max(begun, nextOf.get(word) ?? 0))
    if (found < 0) continue
    begun = found
    nextOf.set(word, found + 1)
    if (isLonger(word)) words.push({ word, at: at + found, length: word.length })
  }
}

const isLonger = (word: string): boolean =>
  word.length > ((word.codePointAt(0) ?? 0) > 0xffff ? 2 : 1)

let loaded: Jieba | undefined

/** The dictionary takes a third of a second and 100 MB: only who reads or asks documents has it. */
function segmenter(): Jieba {
  if (loaded) return loaded
  const require = createRequire(import.meta.url)
  const { Jieba } = require('@node-rs/jieba') as typeof jieba
  const { dict } = require('@node-rs/jieba/dict.js') as typeof dictionary
  loaded = Jieba.withDict(dict)
  return loaded
}
