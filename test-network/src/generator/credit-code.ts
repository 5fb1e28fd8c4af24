import type { Random } from './random.ts'

/** GB 32100-2015: the letters I, O, S, V and Z are left out. */
const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** Check character of a unified social credit code: weights 3^i modulo 31 over the first 17 characters. */
export function checkCharacter(first17: string): string {
  let sum = 0
  let weight = 1
  for (const character of first17) {
    sum += ALPHABET.indexOf(character) * weight
    weight = (weight * 3) % 31
  }
  return ALPHABET.charAt((31 - (sum % 31)) % 31)
}

/** Check character of the nine-character organisation code inside it (GB 11714-1997). */
function organisationCheck(first8: string): string {
  const weights = [3, 7, 9, 10, 5, 8, 4, 2]
  const sum = weights.reduce((total, weight, index) => {
    const character = first8.charAt(index)
    return total + weight * parseInt(character, 36)
  }, 0)
  const check = 11 - (sum % 11)
  return check === 10 ? 'X' : check === 11 ? '0' : String(check)
}

const REGIONS = ['310115', '320505', '330106', '440304', '370202', '420111', '510107', '110108']

/** A company's code ("91" = registered by market supervision, enterprise) with valid check characters. */
export function creditCode(random: Random): string {
  const organisation = `MA${random.whole(1, 9)}${random.digits(5)}`
  const first17 = `91${random.pick(REGIONS)}${organisation}${organisationCheck(organisation)}`
  return first17 + checkCharacter(first17)
}

/** The same code with a check character that cannot be right. */
export function spoilCheckCharacter(code: string): string {
  const right = code.charAt(17)
  return code.slice(0, 17) + (right === 'A' ? 'B' : 'A')
}
