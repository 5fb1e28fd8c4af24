/** What a source says: one revision of one record, and when the source has it to say. */
import { addDays, monthOf, type Day } from '../../../generator/calendar.ts'
import type { Actor } from '../actors.ts'
import { nextMonth, type Life } from '../life.ts'

export interface Fact {
  readonly id: string
  readonly revision: number
  readonly subject: Actor['subject']
  /** ISO, UTC. */
  readonly eventAt: string
  readonly body: Readonly<Record<string, unknown>>
  /** Not said before this day, however old it is. */
  readonly sayableFrom?: Day
}

/** Everything that a source will say of what began in these months, in any order. */
export type Speak = (life: Life, months: readonly string[]) => Fact[]

/** Noon in China; nobody's day begins or ends there. */
export const noon = (day: Day): string => `${day}T04:00:00.000Z`

export const fact = (
  actor: Actor,
  key: { readonly id: string; readonly revision?: number; readonly on: Day },
  body: Readonly<Record<string, unknown>>,
): Fact => ({
  id: key.id,
  revision: key.revision ?? 1,
  subject: actor.subject,
  eventAt: noon(key.on),
  body,
})

/** Short, and without a credit code or an identity number in it. */
export const tagOf = (life: Life, actor: Actor): string =>
  String(life.actors.indexOf(actor) + 1).padStart(4, '0')

export const firmsIn = ({ actors }: Life): Actor[] =>
  actors.filter(({ subject }) => subject.kind === 'MEMBER')

export const peopleIn = ({ actors }: Life): Actor[] =>
  actors.filter(({ subject }) => subject.kind === 'PERSON')

export const endOf = (month: string): Day => addDays(`${nextMonth(month)}-01`, -1)

export { addDays, monthOf, nextMonth, type Day }
