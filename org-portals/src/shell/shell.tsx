import { Button } from 'antd'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, NavLink, Route, Routes, useLocation } from 'react-router'
import { useRecorder } from '../behaviour/use-recorder.ts'
import { Loading } from '../design/state.tsx'
import { LoginPage } from '../session/login.tsx'
import { useOrganization } from '../session/organization.ts'
import { useSession, useUser } from '../session/provider.tsx'
import { useWaiting } from '../worklist/use-work.ts'
import { PageFault } from './fault.tsx'
import { LanguageSwitch } from './language-switch.tsx'
import { FlowMark } from './mark.tsx'
import { pagesFor } from './routes.tsx'

export function Shell() {
  const { user } = useSession()
  return user ? <Frame /> : <LoginPage />
}

function Frame() {
  const { t } = useTranslation()
  const { pathname } = useLocation()
  const { user } = useUser()
  useRecorder(pagesFor(user).find(({ path }) => path === pathname)?.name ?? 'unknown')
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t('shell.skip')}
      </a>
      <TopBar />
      <Ribbon />
      <main id="content" tabIndex={-1}>
        <PageFault key={pathname}>
          <Suspense fallback={<Waiting />}>
            <Routes>
              {pagesFor(user).map(({ path, page: Page }) => (
                <Route key={path} path={path} element={<Page />} />
              ))}
              <Route path="*" element={<Navigate to="/" replace />} />
            </Routes>
          </Suspense>
        </PageFault>
      </main>
    </div>
  )
}

function Waiting() {
  return (
    <div className="page">
      <Loading />
    </div>
  )
}

function TopBar() {
  const { t } = useTranslation()
  const { logOut } = useSession()
  return (
    <header className="bar">
      <Who />
      <PageLinks />
      <div className="bar-end">
        <LanguageSwitch />
        <Button onClick={() => void logOut()}>{t('shell.logOut')}</Button>
      </div>
    </header>
  )
}

function Who() {
  const { t } = useTranslation()
  const { user } = useUser()
  const organization = useOrganization()
  const roles = user.roles.map(role => t(`role.${role}`)).join(t('shell.and'))
  const whose = user.memberName ?? organization.data?.displayName ?? user.organization
  return (
    <div className="bar-who">
      <FlowMark size={30} />
      <span className="bar-names">
        <strong title={whose}>{whose}</strong>
        <small>{[...new Set([user.name, roles])].filter(Boolean).join(' · ')}</small>
      </span>
    </div>
  )
}

function PageLinks() {
  const { t } = useTranslation()
  const { user } = useUser()
  const waiting = useWaiting()
  return (
    <nav className="bar-nav" aria-label={t('shell.pages')}>
      {pagesFor(user).map(page => (
        <NavLink key={page.path} to={page.path} end>
          {t(`page.${page.name}`)}
          {page.name === 'worklist' && waiting > 0 && (
            <span className="pill">
              {waiting > 999 ? '999+' : waiting}
              <span className="unseen"> {t('shell.waiting')}</span>
            </span>
          )}
        </NavLink>
      ))}
    </nav>
  )
}

/** A pilot with a calendar of its own says so wherever dates are shown. */
function Ribbon() {
  const { t } = useTranslation()
  const { data } = useOrganization()
  const lines = [
    data && data.calendarOffsetDays > 0
      ? t('shell.pilotCalendar', { days: data.calendarOffsetDays, today: data.businessDay })
      : undefined,
    data?.simulators ? t('shell.simulators') : undefined,
  ].filter(line => line !== undefined)
  return lines.length > 0 && <div className="ribbon">{lines.join(' ')}</div>
}
