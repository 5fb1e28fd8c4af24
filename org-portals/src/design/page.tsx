/** The frame of one page: its title in the window, its heading, and where the focus goes. */
import { useEffect, useRef, type ReactNode } from 'react'
import { useNavigationType } from 'react-router'
import { useOrganization } from '../session/organization.ts'
import { useUser } from '../session/provider.tsx'

interface PageProps {
  readonly title: string
  /** Shown in the window's title before the name, e.g. how many things wait. */
  readonly count?: number | undefined
  readonly lead?: ReactNode
  readonly children: ReactNode
}

export function Page({ title, count, lead, children }: PageProps) {
  const { user } = useUser()
  const heading = useRef<HTMLHeadingElement>(null)
  const moved = useNavigationType() !== 'POP'
  const organization = useOrganization()
  const whose = user.memberName ?? organization.data?.displayName ?? user.organization
  useEffect(() => {
    document.title = `${title}${count ? ` (${count})` : ''} · ${whose} · TriFlow`
  }, [title, count, whose])
  // Whoever came by a link hears the new page; whoever loaded it starts at the top, with the skip link.
  useEffect(() => {
    if (moved) heading.current?.focus({ preventScroll: true })
  }, [moved])
  return (
    <div className="page">
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <span className="quiet">{lead}</span>}
      </div>
      {children}
    </div>
  )
}

interface PanelProps {
  readonly title: ReactNode
  readonly extra?: ReactNode
  readonly children: ReactNode
}

export function Panel({ title, extra, children }: PanelProps) {
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        {extra}
      </div>
      {children}
    </section>
  )
}
