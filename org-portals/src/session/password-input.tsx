import { Input, type InputProps, type InputRef } from 'antd'
import { useState, type Ref } from 'react'
import { useTranslation } from 'react-i18next'

type PasswordProps = Omit<InputProps, 'type' | 'suffix'> & { readonly ref?: Ref<InputRef> }

/** A password that can be shown, also by keyboard; the library's own eye is for a mouse only. */
export function PasswordInput(props: PasswordProps) {
  const { t } = useTranslation()
  const [isShown, setShown] = useState(false)
  return (
    <Input
      {...props}
      type={isShown ? 'text' : 'password'}
      autoCapitalize="none"
      spellCheck={false}
      suffix={
        <button type="button" className="reveal" onClick={() => setShown(!isShown)}>
          {t(isShown ? 'login.hide' : 'login.show')}
          <span className="unseen"> {t('login.password')}</span>
        </button>
      }
    />
  )
}
