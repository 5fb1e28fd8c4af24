/**
 * Canonical JSON: sorted keys, no spaces, bigint as decimal string, no float, no undefined member.
 * Equal values have equal bytes, so the hash of the text is a commitment to the value.
 */
import { CodedError } from './fault.ts'

const refuse = (path: string, why: string): never => {
  throw new CodedError({ code: 'VALUE_NOT_CANONICAL', path, why })
}

const numberText = (value: number, path: string): string =>
  Number.isSafeInteger(value) && !Object.is(value, -0)
    ? String(value)
    : refuse(path, 'only safe integers are numbers; money is a bigint')

const objectText = (value: object, path: string): string => {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${text(member, `${path}.${key}`)}`).join()}}`
}

const text = (value: unknown, path: string): string => {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value.normalize('NFC'))
  if (typeof value === 'bigint') return `"${value}"`
  if (typeof value === 'number') return numberText(value, path)
  if (Array.isArray(value))
    return `[${value.map((member, index) => text(member, `${path}[${index}]`)).join()}]`
  if (typeof value === 'object') return objectText(value, path)
  return refuse(path, `a ${typeof value} has no canonical form`)
}

export const canonicalJson = (value: unknown): string => text(value, '$')
