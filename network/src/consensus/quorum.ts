import type { ReplicaId } from './model.ts'

/** Byzantine replicas tolerated among n. */
export const faultsOf = (n: number): number => Math.floor((n - 1) / 3)

/** Two quorums share more than f replicas: ceil((n+f+1)/2), which is 2f+1 only where n = 3f+1. */
export const quorumOf = (n: number): number => Math.ceil((n + faultsOf(n) + 1) / 2)

export const leaderOf = (replicas: readonly ReplicaId[], view: number): ReplicaId =>
  replicas[view % replicas.length]!
