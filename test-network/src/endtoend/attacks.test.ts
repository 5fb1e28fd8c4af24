/**
 * The attackers of the contract tests against a running ledger (LEDGER=embedded or fabric): the same plays,
 * with real certificates, real policies, real peers, and banks that run a chaincode of their own.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { localDate } from '@triflow/chaincode/model'
import { ATTACKS, COLLUSIONS, World, play, story } from '@triflow/chaincode/testing'
import { RealLedger } from '../attacks/ledger.ts'
import { AttackNetwork } from '../attacks/network.ts'
import type { LedgerKind } from '../attacks/network.ts'

const ledgerKind: LedgerKind = process.env.LEDGER === 'fabric' ? 'fabric' : 'embedded'
const CHINA_MS = 8 * 3_600_000
const chinaToday = () => localDate(new Date(Date.now() + CHINA_MS).toISOString().slice(0, 10))

describe(`attacks on a running ledger (${ledgerKind})`, function () {
  this.timeout(180_000)
  const dir = mkdtempSync(path.join(os.tmpdir(), 'triflow-attacks-'))
  const network = new AttackNetwork({
    dir,
    ledger: ledgerKind,
    basePort: Number(process.env.ATTACKS_BASE_PORT ?? 26_000),
  })
  let ledger: RealLedger

  before(async () => {
    const day = chinaToday()
    story.playOn(day)
    await network.open()
    const world = new World([...story.GUARDIANS, 'RegulatorMSP'], story.GUARDIANS, day)
    ledger = new RealLedger(network.folder, world)
    await story.bringUp(ledger)
  })
  after(async () => {
    story.playOn(story.STORY_DAY)
    ledger?.close()
    await network.close()
    rmSync(dir, { recursive: true, force: true })
  })

  for (const attack of ATTACKS) it(attack.claim, () => attack.play(ledger))

  it('and the main job itself passes, from an order to redemption', async () => {
    await play.playToRedemption(ledger, await play.playToHolders(ledger))
    story.playOn(story.inDays(play.CALENDAR_DAYS))
  })

  describe('with two banks that run a chaincode of their own', () => {
    before(() => network.bribeBanks())
    for (const collusion of COLLUSIONS) it(collusion.claim, () => collusion.play(ledger))
  })
})
