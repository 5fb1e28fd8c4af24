/** A programmer's fault stops the replica: going on would risk a wrong book. */
export const invariant: (holds: boolean, claim: string) => asserts holds = (holds, claim) => {
  if (!holds) throw new Error(`invariant broken: ${claim}`)
}
