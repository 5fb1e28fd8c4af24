/** Where the catalogue is, told apart from the name of what is attached: that one is shown to whoever asks for it. */
import { quoted } from './names.ts'

/** The statement that tells a session of DuckDB where PostgreSQL is; it is attached with `META_SECRET catalogue`. */
export function secretOf(catalogUrl: string): string {
  const url = new URL(catalogUrl)
  const parts = {
    HOST: url.hostname,
    PORT: url.port || '5432',
    DATABASE: url.pathname.slice(1),
    USER: url.username,
    PASSWORD: url.password,
  }
  const settings = Object.entries(parts)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} ${quoted(decodeURIComponent(value))}`)
  return `CREATE OR REPLACE SECRET catalogue (TYPE postgres, ${settings.join(', ')})`
}

/** What no message may show, as it is written in the URL and as it is meant. */
export function secretsOf(catalogUrl: string): string[] {
  const { password } = new URL(catalogUrl)
  return password === '' ? [] : [password, decodeURIComponent(password)]
}
