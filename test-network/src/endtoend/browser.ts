import { chromium, type Browser, type Page } from 'playwright-core'
import { chooseChromium } from '../services/index.ts'

/** A real browser, headless; as root it runs without its own sandbox. */
export async function openBrowser(): Promise<Browser> {
  const { address } = await chooseChromium(() => undefined)
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: address, args })
}

/** A page of a person of its own, logged in at the portal. */
export async function logInAt(
  browser: Browser,
  url: string,
  person: { readonly login: string; readonly password: string },
): Promise<Page> {
  const page = await browser.newPage({ locale: 'zh-CN' })
  await page.goto(url)
  await page.locator('input[autocomplete=username]').fill(person.login)
  await page.locator('input[autocomplete=current-password]').fill(person.password)
  await page.locator('button[type=submit]').click()
  await page.locator('input[autocomplete=current-password]').waitFor({ state: 'detached' })
  return page
}

/** Does the work that waits for the person and names this document. */
export async function doWork(page: Page, url: string, named: string): Promise<void> {
  await page.goto(`${url}/work`)
  const group = page.locator('.ant-card', { hasText: named }).first()
  await group.locator('tr', { hasText: named }).getByRole('checkbox').check()
  await group.locator('.ant-card-extra button').click()
  await page.locator('tr', { hasText: named }).waitFor({ state: 'detached' })
}
