import { useMutation } from '@tanstack/react-query'
import { Alert, Button, Form, Input, type InputRef } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isProblem, useProblemText } from '../design/problem.ts'
import { LanguageSwitch } from '../shell/language-switch.tsx'
import { FlowMark } from '../shell/mark.tsx'
import { Meeting } from './meeting.tsx'
import './login.css'
import { NewPassword } from './new-password.tsx'
import { useOrganization } from './organization.ts'
import { PasswordInput } from './password-input.tsx'
import { useSession } from './provider.tsx'

interface Credentials {
  readonly login: string
  readonly password: string
  readonly newPassword?: string
}

/** Logs in; where somebody else has set the password, a new one is asked for first. */
function useLogIn() {
  const { logIn } = useSession()
  const [isFirst, setFirst] = useState(false)
  const attempt = useMutation({
    mutationFn: ({ login, password, newPassword }: Credentials) =>
      logIn(login.trim(), password, newPassword),
    retry: false,
    onError: error => {
      if (isProblem(error, 'PASSWORD_CHANGE_REQUIRED')) setFirst(true)
    },
  })
  return { attempt, isFirst, setFirst }
}

export function LoginPage() {
  const { t } = useTranslation()
  const organization = useOrganization()
  const name = organization.data?.displayName
  useEffect(() => {
    document.title = [t('login.title'), name, 'TriFlow'].filter(Boolean).join(' · ')
  }, [t, name])
  return (
    <div className="login">
      <div className="login-brand">
        <p className="login-name">
          <FlowMark size={40} />
          TriFlow
        </p>
        <p className="login-claim">{t('login.claim')}</p>
        <Meeting />
      </div>
      <main className="login-main">
        <div className="login-language">
          <LanguageSwitch />
        </div>
        <div className="login-form">
          <h1>{name ?? t('login.title')}</h1>
          <p className="quiet">{t('login.lead')}</p>
          {organization.data?.simulators && <p className="quiet">{t('shell.simulators')}</p>}
          <Notices unreachable={organization.isError} />
          <LoginForm />
        </div>
      </main>
    </div>
  )
}

/** What the visitor should know before typing: the session ended, or nobody answers. */
function Notices({ unreachable }: { readonly unreachable: boolean }) {
  const { t } = useTranslation()
  const { hasLapsed } = useSession()
  if (unreachable) {
    return <Alert type="warning" showIcon role="alert" title={t('problem.UNREACHABLE')} />
  }
  return hasLapsed && <Alert type="info" showIcon role="status" title={t('login.lapsed')} />
}

function LoginForm() {
  const { t } = useTranslation()
  const { attempt, isFirst, setFirst } = useLogIn()
  const password = useRef<InputRef>(null)
  const changes = isProblem(attempt.error, 'PASSWORD_CHANGE_REQUIRED')
  // The answer is heard, then the cursor stands where the mistake probably is.
  useEffect(() => {
    if (attempt.isError && !changes) password.current?.focus({ cursor: 'all' })
  }, [attempt.isError, changes, attempt.submittedAt])
  return (
    <Form<Credentials>
      layout="vertical"
      requiredMark={false}
      onFinish={attempt.mutate}
      onValuesChange={changed => 'login' in changed && setFirst(false)}
    >
      <Form.Item
        name="login"
        label={t('login.name')}
        rules={[{ required: true, message: t('login.nameMissing') }]}
      >
        <Input autoComplete="username" autoFocus autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t(isFirst ? 'login.firstPassword' : 'login.password')}
        rules={[{ required: true, message: t('login.passwordMissing') }]}
      >
        <PasswordInput ref={password} autoComplete="current-password" />
      </Form.Item>
      {isFirst && <NewPassword />}
      <Refusal error={changes ? null : attempt.error} />
      <Button type="primary" size="large" htmlType="submit" block loading={attempt.isPending}>
        {t(attempt.isPending ? 'login.entering' : isFirst ? 'login.change' : 'login.enter')}
      </Button>
    </Form>
  )
}

function Refusal({ error }: { readonly error: Error | null }) {
  const problemText = useProblemText()
  return (
    error && (
      <Alert
        type="error"
        showIcon
        role="alert"
        title={problemText(error)}
        style={{ marginBottom: 16 }}
      />
    )
  )
}
