/** Links that lose, delay, double and reorder messages, and cut groups off from each other. */
import type { Message, ReplicaId } from '../model.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

export interface Weather {
  readonly loss: number
  readonly duplication: number
  readonly delayMinMs: number
  readonly delayMaxMs: number
}

export const CALM: Weather = { loss: 0, duplication: 0, delayMinMs: 1, delayMaxMs: 4 }

export interface Network {
  weather: Weather
  /** Replicas of different groups do not hear each other; an absent one belongs to group 0. */
  groups: ReadonlyMap<ReplicaId, number>
  canReach(from: ReplicaId, to: ReplicaId): boolean
  delay(): number
  send(from: ReplicaId, to: ReplicaId, message: Message): void
}

export function createNetwork(
  random: Random,
  schedule: Schedule,
  receive: (to: ReplicaId, from: ReplicaId, message: Message) => void,
): Network {
  const network: Network = {
    weather: CALM,
    groups: new Map(),
    canReach: (from, to) => (network.groups.get(from) ?? 0) === (network.groups.get(to) ?? 0),
    delay: () => random.between(network.weather.delayMinMs, network.weather.delayMaxMs),
    send(from, to, message) {
      const copies = random.chance(network.weather.duplication) ? 2 : 1
      for (let copy = 0; copy < copies; copy += 1) {
        if (random.chance(network.weather.loss)) continue
        schedule.after(network.delay(), () => {
          if (network.canReach(from, to)) receive(to, from, message)
        })
      }
    },
  }
  return network
}
