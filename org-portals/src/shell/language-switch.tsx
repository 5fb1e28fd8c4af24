import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { chooseLanguage, type Language } from '../language/index.ts'

const OTHER = {
  zh: { language: 'en', label: 'English', lang: 'en' },
  en: { language: 'zh', label: '中文', lang: 'zh-CN' },
} as const

/** One button that names the other language, in that language. */
export function LanguageSwitch() {
  const { i18n } = useTranslation()
  const { language, label, lang } = OTHER[i18n.language as Language]
  return (
    <Button lang={lang} onClick={() => chooseLanguage(language)}>
      {label}
    </Button>
  )
}
