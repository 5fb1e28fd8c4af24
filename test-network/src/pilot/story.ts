import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { GatewayProblem, type ReconciliationReport } from '@triflow/gateway/client'
import { inState } from '../supervisor/layout.ts'
import { writeAccess, type Access, type RunningNetwork } from '../supervisor/network.ts'
import { ORGANIZATIONS, type OrganizationKey } from '../supervisor/organizations.ts'
import { castOf, createActors, type Person } from './actors.ts'
import { createLatencyMeter, type ApiLatency, type LatencyMeter } from './latency.ts'
import { createOutside } from './outside.ts'
import { openNotes, type Stage, type StoryLine } from './stage.ts'
import { issue } from './steps/certificates.ts'
import { enrol } from './steps/enrol.ts'
import { finance } from './steps/financing.ts'
import { importYear } from './steps/imports.ts'
import { allocate, confirm, match } from './steps/match.ts'
import { redeem } from './steps/redeem.ts'
import { reconcile, totalsOf, verifyEvidence, type Chain, type Totals } from './steps/report.ts'
import { splitUpTheChain } from './steps/split.ts'
import type { World } from './world.ts'

export interface StepResult {
  readonly name: string
  readonly ok: boolean
  readonly ms: number
}

/** What `pilot.json` holds. */
export interface PilotResult {
  readonly ok: boolean
  readonly ledger: 'embedded' | 'fabric'
  readonly steps: readonly StepResult[]
  readonly totals?: Totals
  readonly chain?: Chain
  /** Milliseconds from the call to the first committed transaction of business. */
  readonly firstCommitMs?: number
  readonly latency?: ApiLatency
  readonly story: readonly StoryLine[]
  readonly fault?: string
}

export interface PilotOptions {
  readonly network: RunningNetwork
  readonly world: World
  readonly say: (text: string) => void
  /** The instant the command began, for the time to the first transaction. */
  readonly beganMs: number
}

const STEPS: readonly (readonly [name: string, run: (stage: Stage) => Promise<unknown>])[] = [
  ['Members and users enrolled, orders imported', enrol],
  ['Goods, invoices and statements imported', importYear],
  ['Three flows matched', match],
  ['Invoices confirmed', confirm],
  ['Payments allocated', allocate],
  ['Certificates issued', issue],
  ['Certificates split up the chain', splitUpTheChain],
  ['Financing', finance],
  ['Redeemed at maturity', redeem],
  ['Evidence verified', verifyEvidence],
]

/**
 * Plays the pilot, or shows the finished one. Never throws for a step that failed: the result says which and why,
 * and the next call goes on there.
 */
export async function playPilot(options: PilotOptions): Promise<PilotResult> {
  const { network } = options
  const file = inState.result(network.stateFolder)
  const finished = readResult(file)
  const cast = castOf(options.world, network.operatorPasswords['core'] ?? '')
  writeAccess(network, accessOf(cast))
  if (finished?.ok) return finished
  const result = await play(options, cast)
  writeFileSync(`${file}.new`, `${JSON.stringify(result, null, 2)}\n`)
  renameSync(`${file}.new`, file)
  return result
}

export function readResult(file: string): PilotResult | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PilotResult) : undefined
}

function accessOf(cast: readonly Person[]): Access {
  const access: Access = {}
  for (const { organization, login, password, name, roles, memberId } of cast) {
    const users = (access[organization] ??= { url: '', users: [] }).users
    users.push({ login, password, name, roles, ...(memberId === undefined ? {} : { memberId }) })
  }
  return access
}

interface Course {
  readonly meter: LatencyMeter
  readonly stage: Stage
  readonly steps: StepResult[]
  readonly story: StoryLine[]
  firstCommitMs?: number
}

function openCourse(options: PilotOptions, cast: readonly Person[]): Course {
  const { network, world, say } = options
  const notes = openNotes(inState.pilot(network.stateFolder))
  const story = notes.get<StoryLine[]>('story') ?? []
  const steps = notes.get<StepResult[]>('steps') ?? []
  const meter = createLatencyMeter()
  const course: Course = {
    meter,
    steps,
    story,
    stage: {
      world,
      cast,
      notes,
      say,
      actors: createActors({
        urls: network.gateways,
        operatorPasswords: network.operatorPasswords,
        cast,
        meter,
      }),
      outside: createOutside(network.simulators),
      organizations: ORGANIZATIONS.map(({ key }) => key as OrganizationKey),
      tell(line) {
        story.push(line)
        notes.set('story', story)
        say(`${line.what}: ${line.count}`)
      },
      firstCommit() {
        course.firstCommitMs ??= Date.now() - options.beganMs
      },
    },
  }
  return course
}

async function play(options: PilotOptions, cast: readonly Person[]): Promise<PilotResult> {
  const course = openCourse(options, cast)
  const { ledger } = options.network
  const done = new Set(course.steps.map(step => step.name))
  for (const [name, run] of STEPS) {
    if (done.has(name)) continue
    const fault = await runStep(course, options, name, run)
    if (fault)
      return { ok: false, ledger, steps: failedSteps(course, name), story: course.story, fault }
  }
  return conclude(options, course)
}

const failedSteps = (course: Course, name: string): StepResult[] => [
  ...course.steps,
  { name, ok: false, ms: 0 },
]

/** Runs one step; a finished one is noted, so that no later start plays it again. Answers what went wrong. */
async function runStep(
  course: Course,
  options: PilotOptions,
  name: string,
  run: (stage: Stage) => Promise<unknown>,
): Promise<string | undefined> {
  const startedMs = Date.now()
  options.say(`— ${name}`)
  try {
    await run(course.stage)
    course.steps.push({ name, ok: true, ms: Date.now() - startedMs })
    course.stage.notes.set('steps', course.steps)
    return undefined
  } catch (fault) {
    return `${name}: ${tellFault(fault)}`
  }
}

/** What went wrong, with the fields a gateway names. */
function tellFault(fault: unknown): string {
  const { message } = fault as Error
  const fields = fault instanceof GatewayProblem ? (fault.problem.errors ?? []) : []
  return [message, ...fields.map(one => `${one.path} ${one.code} ${one.detail ?? ''}`)].join('; ')
}

/** The report closes the story: it must agree with the recount, else the pilot has failed. */
async function conclude(options: PilotOptions, course: Course): Promise<PilotResult> {
  const name = 'Report equals recount'
  const { ledger } = options.network
  const startedMs = Date.now()
  let report: ReconciliationReport
  try {
    report = await reconcile(course.stage)
  } catch (fault) {
    const steps = failedSteps(course, name)
    return { ok: false, ledger, steps, story: course.story, fault: tellFault(fault) }
  }
  const { totals, chain } = await totalsOf(course.stage, report)
  const steps = [...course.steps, { name, ok: true, ms: Date.now() - startedMs }]
  const { firstCommitMs, story } = course
  const first = firstCommitMs === undefined ? {} : { firstCommitMs }
  const latency = course.meter.figures()
  return { ok: true, ledger, steps, totals, chain, ...first, latency, story }
}
