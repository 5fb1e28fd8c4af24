/** A programmer's fault: the replica stops rather than vote from a state that cannot be. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new InvariantError(`invariant broken: ${claim}`)
}
