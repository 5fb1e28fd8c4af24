import { type ServiceChoice, ServiceMissing } from '../supervisor/spec.ts'
import { aptInstall, onPath } from './commands.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'] as const

/** Chromium for the browser tests: `CHROMIUM`, else a browser on PATH, else Debian's packages with a Chinese font. */
export async function chooseChromium(say: (line: string) => void): Promise<ServiceChoice> {
  const given = process.env['CHROMIUM'] ?? onPath(...NAMES)
  if (given) return chosen(given, given)
  try {
    await aptInstall(['chromium', 'fonts-noto-cjk'], say)
  } catch (cause) {
    throw new ServiceMissing(
      'chromium',
      'apt-get could not install chromium: set CHROMIUM=/path',
      cause,
    )
  }
  const installed = onPath(...NAMES)
  if (installed) return chosen(installed, `${installed} (installed with apt-get)`)
  throw new ServiceMissing('chromium', 'install chromium and fonts-noto-cjk, or set CHROMIUM=/path')
}

function chosen(address: string, how: string): ServiceChoice {
  return { slot: 'chromium', line: `Chromium: ${how}`, degraded: false, address }
}
