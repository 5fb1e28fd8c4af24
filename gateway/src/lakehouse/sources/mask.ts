/** What is shown of a field to those who may not see it plain. */
import type { Masking } from './fields.ts'
import type { Source } from './source.ts'

const starred = (text: string, first: number, last: number): string => {
  const letters = [...text]
  // A text too short to hide anything in is hidden whole.
  if (letters.length <= first + last) return '*'.repeat(letters.length)
  const tail = last === 0 ? [] : letters.slice(-last)
  return [...letters.slice(0, first), ...letters.slice(first + last).fill('*'), ...tail].join('')
}

const RULES: Readonly<Record<Masking, (text: string) => string>> = {
  NONE: text => text,
  NAME: text => starred(text, 1, 0),
  ID_NUMBER: text => starred(text, 3, 2),
  ACCOUNT: text => starred(text, 0, 4),
  PHONE: text => starred(text, 3, 4),
  // Province and city say enough for a region; six characters hold both for most.
  ADDRESS: text =>
    `${[...text].slice(0, Math.min(6, Math.floor([...text].length / 2))).join('')}***`,
  // Nobody can say what stands in it.
  FREE_TEXT: () => '***',
}

export const maskText = (masking: Masking, text: string): string => RULES[masking](text)

/** The same body with every text that the catalogue hides hidden; a field that it does not know is left out. */
export function maskBody(
  source: Source,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source.fields)
      .filter(([field]) => body[field] !== undefined)
      .map(([field, { masking }]) => {
        const value = body[field]
        return [field, typeof value === 'string' ? maskText(masking, value) : value]
      }),
  )
}
