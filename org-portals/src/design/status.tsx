/** A state as a shape and a word, so that no one has to tell colours apart. */
import type { ReactNode } from 'react'

export type Tone = 'good' | 'near' | 'busy' | 'wait' | 'bad' | 'idle'

const SHAPES: Record<Tone, string> = {
  good: 'M2.5 6.5 5 9l5-6',
  near: 'M2 4.5c2-2 3.5 1.5 8 0M2 8.5c2-2 3.5 1.5 8 0',
  busy: 'M2 4h7L7 2M10 8H3l2 2',
  wait: 'M6 2.5V6l2.5 1.5M6 1.2a4.8 4.8 0 1 1 0 9.6 4.8 4.8 0 0 1 0-9.6',
  bad: 'M6 1.5v6M6 10v.5',
  idle: 'M2.5 6h7',
}

export function Status({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={`status status-${tone}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path
          d={SHAPES[tone]}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.6"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      {children}
    </span>
  )
}
