interface RingProps {
  readonly label: string
  readonly share: string
  readonly caption: string
  readonly arcs: readonly { readonly count: number; readonly colour: string }[]
}

const RADIUS = 62
const AROUND = 2 * Math.PI * RADIUS
const GAP = 3

/** Counts as arcs of a ring, clockwise from the top. A small one is never too thin to be seen. */
export function Ring({ label, share, caption, arcs }: RingProps) {
  const all = arcs.reduce((sum, { count }) => sum + count, 0)
  const gap = arcs.length > 1 ? GAP : 0
  let start = 0
  return (
    <svg className="ring" viewBox="0 0 160 160" role="img" aria-label={label}>
      <g fill="none" strokeWidth="18" transform="rotate(-90 80 80)">
        {arcs.map(({ count, colour }) => {
          const length = (count / all) * AROUND
          const dash = `${Math.max(length - gap, 1.5)} ${AROUND}`
          const arc = (
            <circle
              key={colour}
              cx="80"
              cy="80"
              r={RADIUS}
              stroke={colour}
              strokeDasharray={dash}
              strokeDashoffset={-start}
            />
          )
          start += length
          return arc
        })}
      </g>
      <text x="80" y="82" textAnchor="middle" fontSize="25" fontWeight="700" fill="#16302f">
        {share}
      </text>
      <text x="80" y="104" textAnchor="middle" fontSize="13" fill="#526160">
        {caption}
      </text>
    </svg>
  )
}
