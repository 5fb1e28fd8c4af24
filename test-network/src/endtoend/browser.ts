import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { chooseChromium } from '../services/index.ts'

/** A real browser, headless; as root it runs without its own sandbox. */
export async function openBrowser(): Promise<Browser> {
  const { address } = await chooseChromium(() => undefined)
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: address, args })
}

/** Who reads the portal, in which language and on how wide a screen. */
export interface Reader {
  readonly language: 'zh-CN' | 'en-US'
  readonly width: number
}

export const DESK: Reader = { language: 'zh-CN', width: 1440 }
export const PHONE: Reader = { language: 'en-US', width: 390 }

interface Credentials {
  readonly login: string
  readonly password: string
}

/** A page of a person of its own that stands before the log-in. */
export async function openPortal(browser: Browser, url: string, reader: Reader): Promise<Page> {
  const page = await browser.newPage({
    locale: reader.language,
    viewport: { width: reader.width, height: 900 },
    reducedMotion: 'reduce',
  })
  await page.goto(url)
  await page.locator('input[autocomplete=username]').waitFor()
  return page
}

/** Logs in with the keyboard alone. */
export async function typeLogIn(page: Page, { login, password }: Credentials): Promise<void> {
  const name = page.locator('input[autocomplete=username]')
  await name.focus()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(login)
  await page.keyboard.press('Tab')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

/** At the first log-in: the new password, twice. The cursor stands in the first of the two fields. */
export async function choosePassword(page: Page, password: string): Promise<void> {
  await page.locator('input[autocomplete=new-password]:focus').waitFor()
  await page.keyboard.type(password)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
}

export async function logInAt(
  browser: Browser,
  url: string,
  person: Credentials,
  reader: Reader = DESK,
): Promise<Page> {
  const page = await openPortal(browser, url, reader)
  await typeLogIn(page, person)
  await page.locator('input[autocomplete=current-password]').waitFor({ state: 'detached' })
  return page
}

const STEPS_MAX = 120

/** Goes to a control as somebody without a mouse does: Tab by Tab. */
async function tabTo(page: Page, control: Locator): Promise<void> {
  await control.waitFor()
  for (let step = 0; step < STEPS_MAX; step++) {
    await page.keyboard.press('Tab')
    if (await control.and(page.locator(':focus')).count()) return
  }
  throw new Error(`${STEPS_MAX} times Tab do not lead to ${String(control)}`)
}

/** Does the work that waits for the person and names this document, with the keyboard alone. */
export async function doWork(page: Page, url: string, named: string): Promise<void> {
  await page.goto(`${url}/work`)
  const box = page.getByRole('checkbox', { name: named })
  await tabTo(page, box)
  await page.keyboard.press('Space')
  await tabTo(page, page.getByRole('group').getByRole('button'))
  await page.keyboard.press('Enter')
  // What became of it has the focus, so that a screen reader says it.
  await page.locator('[role=status]:focus', { has: page.locator('.ant-alert-success') }).waitFor()
  await box.waitFor({ state: 'detached' })
}

const PAGES = ['', 'work', 'invoices', 'certificates']

/** Shows each page of the portal in turn. */
export async function visitAll(
  page: Page,
  url: string,
  look: (path: string) => Promise<void>,
): Promise<void> {
  for (const path of PAGES) {
    await page.goto(`${url}/${path}`)
    await page.locator('h1').waitFor()
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
    await look(`/${path}`)
  }
}
