import { flowColour } from '../design/theme.ts'

/** Three flows that meet in one book. */
export function FlowMark({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <g fill="none" strokeWidth="3" strokeLinecap="round">
        <path d="M4 9c8 0 8 7 24 7" stroke={flowColour.information} />
        <path d="M4 16h24" stroke={flowColour.goods} />
        <path d="M4 23c8 0 8-7 24-7" stroke={flowColour.funds} />
      </g>
    </svg>
  )
}
