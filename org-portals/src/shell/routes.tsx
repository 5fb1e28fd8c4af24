/** The one table of pages: where each is, who sees it in the menu. */
import type { Principal } from '@triflow/gateway/client'
import { lazy, type ComponentType } from 'react'

type Role = Principal['roles'][number]

export interface PageRoute {
  readonly path: string
  readonly name: 'overview' | 'worklist' | 'invoices' | 'certificates'
  readonly roles: 'anyone' | readonly Role[]
  readonly page: ComponentType
}

const load = <K extends string>(name: K, importer: () => Promise<Record<K, ComponentType>>) =>
  lazy(async () => ({ default: (await importer())[name] }))

export const PAGES: readonly PageRoute[] = [
  {
    path: '/',
    name: 'overview',
    roles: 'anyone',
    page: load('OverviewPage', () => import('../overview/page.tsx')),
  },
  {
    path: '/work',
    name: 'worklist',
    roles: 'anyone',
    page: load('WorklistPage', () => import('../worklist/page.tsx')),
  },
  {
    path: '/invoices',
    name: 'invoices',
    roles: 'anyone',
    page: load('InvoicesPage', () => import('../invoices/page.tsx')),
  },
  {
    path: '/certificates',
    name: 'certificates',
    roles: 'anyone',
    page: load('CertificatesPage', () => import('../certificates/page.tsx')),
  },
]

export function pagesFor(user: Principal): readonly PageRoute[] {
  return PAGES.filter(
    page => page.roles === 'anyone' || page.roles.some(role => user.roles.includes(role)),
  )
}
