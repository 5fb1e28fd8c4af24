/** Named counts of what happened; read by the node's metrics. */
export class Counters {
  private readonly counts = new Map<string, number>()

  add(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by)
  }

  read(): Record<string, number> {
    return Object.fromEntries(this.counts)
  }
}
