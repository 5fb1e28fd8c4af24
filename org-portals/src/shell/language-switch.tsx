import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { chooseLanguage, type Language } from '../language/index.ts'

export function LanguageSwitch() {
  const { i18n, t } = useTranslation()
  return (
    <Segmented<Language>
      aria-label={t('shell.language')}
      value={i18n.language as Language}
      onChange={chooseLanguage}
      options={[
        { label: '中文', value: 'zh' },
        { label: 'English', value: 'en' },
      ]}
    />
  )
}
