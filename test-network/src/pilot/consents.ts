/**
 * Lets the sources flow into the lakes: everybody in the simulated world says yes where a source has to ask, except
 * to the social platform who has not opted in there. At every start; a consent that stands is answered as it is.
 */
import { createSourceWorld, type Actor } from '../simulators/sources/index.ts'
import type { RunningNetwork } from '../supervisor/network.ts'
import { handOverToken } from '../supervisor/sources.ts'
import { createActors, type Actors } from './actors.ts'
import { inParallel } from './patience.ts'
import type { World } from './world.ts'

const CONSENTS_AT_ONCE = 4
type Operator = Awaited<ReturnType<Actors['operator']>>
const FORMS = ['WRITTEN_CONSENT', 'SEPARATE_CONSENT', 'OPT_IN'] as const
type Form = (typeof FORMS)[number]

export async function openSources(options: {
  readonly network: RunningNetwork
  readonly world: World
  readonly say: (line: string) => void
}): Promise<void> {
  const { network, world, say } = options
  if (network.lakes.length === 0) return
  await network.complete
  const { operatorPasswords, gateways: urls } = network
  const actors = createActors({ urls, operatorPasswords, cast: [] })
  for (const key of network.lakes) {
    const count = await giveConsents(await actors.operator(key), world)
    say(`Consents to data sources noted at ${key}: ${count}`)
  }
  handOverToken(network.stateFolder)
  say('The simulator of data sources is open to the lakes')
}

async function giveConsents(operator: Operator, world: World): Promise<number> {
  const { items } = await operator.call('lake.sources', {})
  // Who lives in the world does not depend on the trade, which costs a second to make.
  const { trade: _, ...alone } = world.simulated.sources
  const asked = createSourceWorld(alone).actors.flatMap((actor, at) =>
    items.flatMap(({ source, consent }) => {
      const form = FORMS.find(one => one === consent[actor.subject.kind]?.kind)
      return form && isWilling(actor, source) ? [{ source, form, actor, at }] : []
    }),
  )
  await inParallel(asked, CONSENTS_AT_ONCE, async ({ source, form, actor, at }) => {
    await operator.call('consents.grant', {
      body: { source, form, subject: actor.subject, ...evidenceOf(form, at) },
    })
  })
  return asked.length
}

const isWilling = (actor: Actor, source: string): boolean =>
  source !== 'social_behaviour' || actor.optedIn

/** The number of a paper that nobody has signed: the pilot's people are invented. */
const evidenceOf = (form: Form, at: number) =>
  form === 'WRITTEN_CONSENT'
    ? { evidenceDocumentId: `PILOT-PAPER-${String(at + 1).padStart(4, '0')}` }
    : {}
