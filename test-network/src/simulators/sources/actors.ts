/** Firms of the pilot and others like them, people who keep shops, and farmers; all invented. */
import { addDays, type Day } from '../../generator/calendar.ts'
import { creditCode } from '../../generator/credit-code.ts'
import { firmsOf } from '../../generator/index.ts'
import { PLACES, STYLES, TRADES } from '../../generator/names.ts'
import { seeded, type Random } from '../../generator/random.ts'
import { drawTraits, type Traits } from './traits.ts'

export interface Actor {
  readonly subject: { readonly kind: 'MEMBER' | 'PERSON'; readonly id: string }
  readonly role: 'CORE' | 'FIRM' | 'SHOPKEEPER' | 'FARMER'
  readonly name: string
  /** Credit code of a firm; of a person an identity number whose region does not exist. */
  readonly code: string
  readonly account: string
  readonly representative: string
  /** No number that a network assigns begins with 100. */
  readonly phone: string
  readonly place: string
  readonly industry: string
  readonly registeredOn: Day
  /** Usual turnover of a month. */
  readonly scaleFen: number
  readonly traits: Traits
  /** Its trade with the core enterprise is that of the generated year. */
  readonly isGiven: boolean
  readonly exports: boolean
  readonly hasShop: boolean
  /** Has let the social platform give away what it knows. */
  readonly optedIn: boolean
}

export interface Population {
  /** Beside the firms of the pilot. */
  readonly firms: number
  readonly shopkeepers: number
  readonly farmers: number
}

const SURNAMES = '赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜'
const GIVEN = '建国丽华小明志强秀英文静海涛桂兰春梅永平晓东玉珍家豪雪峰'

const personName = (random: Random): string =>
  random.pick([...SURNAMES]) + random.pick([...GIVEN]) + random.pick([...GIVEN])

/** @param monthlyFen what firms of the pilot sell in a month, by credit code, where it is given. */
export function createActors(
  { seed, first, population }: { seed: string; first: Day; population: Population },
  monthlyFen: ReadonlyMap<string, number>,
): readonly Actor[] {
  const root = seeded(seed).fork('sources')
  const pilot = firmsOf(seed)
  const core = firm(root.fork('core'), first, { ...pilot.core, role: 'CORE' })
  const suppliers = pilot.suppliers.map(one =>
    given(firm(root.fork(one.uscc), first, { ...one, role: 'FIRM' }), monthlyFen.get(one.uscc)),
  )
  const others = list(population.firms, at => {
    const random = root.fork(`firm-${at}`)
    const name = `${random.pick(PLACES)}${random.pick(STYLES)}${random.pick(TRADES)}${at}厂`
    const account = `6217${random.digits(15)}`
    return firm(random, first, { name, account, uscc: creditCode(random), role: 'FIRM' })
  })
  const firms = [core, ...suppliers, ...others]
  const shopkeepers = list(population.shopkeepers, at => {
    const owned = at % 2 === 0 ? [...suppliers, ...others][at / 2] : undefined
    return person(root.fork(`shop-${at}`), first, { role: 'SHOPKEEPER', owned })
  })
  const farmers = list(population.farmers, at =>
    person(root.fork(`farm-${at}`), first, { role: 'FARMER', owned: undefined }),
  )
  return [...firms, ...shopkeepers, ...farmers]
}

const list = <T>(length: number, make: (at: number) => T): T[] =>
  Array.from({ length }, (_, at) => make(at))

type Given = { name: string; account: string; uscc: string; role: 'CORE' | 'FIRM' }

function firm(random: Random, first: Day, given: Given): Actor {
  const isCore = given.role === 'CORE'
  return {
    subject: { kind: 'MEMBER', id: given.uscc },
    role: given.role,
    name: given.name,
    code: given.uscc,
    account: given.account,
    ...common(random, first),
    // The buyer of everybody's goods goes on: without it the world would stand still.
    ...(isCore ? { traits: { ...CALM, daysLate: random.whole(0, 8) } } : {}),
    scaleFen: isCore ? 3_000_000_000 : random.whole(20, 200) * 1_000_000,
    exports: random.chance(0.3),
    hasShop: random.chance(0.4),
    optedIn: false,
  }
}

/** Steady sales are written already: neither decline nor invoices without goods would be told by them. */
function given(actor: Actor, monthlyFen: number | undefined): Actor {
  if (monthlyFen === undefined) return actor
  const traits = { ...actor.traits, distressFrom: undefined, isGhost: false, growthYear: 0 }
  return { ...actor, traits, isGiven: true, scaleFen: Math.round(monthlyFen * 1.25) }
}

const CALM: Traits = {
  daysLate: 0,
  growthYear: 0.05,
  distressFrom: undefined,
  isGhost: false,
  season: { amplitude: 0.1, peakMonth: 11 },
}

/** The owner of a firm does as the firm does, and represents it. */
function person(
  random: Random,
  first: Day,
  given: { readonly role: 'SHOPKEEPER' | 'FARMER'; readonly owned: Actor | undefined },
): Actor {
  const { role, owned } = given
  const drawn = { ...common(random, first), optedIn: random.chance(0.6) }
  const born = `${random.whole(1960, 2000)}0${random.whole(1, 9)}${random.whole(10, 28)}`
  const name = owned?.representative ?? drawn.representative
  return {
    ...drawn,
    subject: { kind: 'PERSON', id: `p${random.hex(16)}` },
    role,
    name,
    representative: name,
    code: `000000${born}${random.digits(4)}`,
    account: `6230${random.digits(15)}`,
    // A person writes no invoices, and so none without goods.
    traits: { ...(owned?.traits ?? drawn.traits), isGhost: false },
    scaleFen: random.whole(2, 20) * 1_000_000,
    exports: false,
    hasShop: role === 'SHOPKEEPER',
  }
}

function common(random: Random, first: Day) {
  const place = random.pick(PLACES)
  return {
    representative: personName(random),
    phone: `100${random.digits(8)}`,
    place: `${place}市${random.pick(['高新区', '开发区', '新城区'])}${random.whole(1, 200)}号`,
    industry: random.pick(TRADES),
    isGiven: false,
    registeredOn: addDays(first, -random.whole(400, 6_000)),
    traits: drawTraits(random.fork('traits'), first),
  }
}
