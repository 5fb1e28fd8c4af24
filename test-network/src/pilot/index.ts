/**
 * The pilot: the main job, played from the first log-in to a redeemed certificate.
 *
 * It is a user like any other: everything goes through the gateways' public API (and, for the outside world, through
 * the simulators' interfaces); it never looks into a database or at the ledger. Each step asks what is there and does
 * what is missing, so that a pilot cut off anywhere goes on where it stopped, and a finished one is shown, not
 * played twice.
 *
 * May import the gateway's client, the generator, the simulators' message formats and the supervisor's types.
 */
export { openSources } from './consents.ts'
export { playPilot, type PilotResult } from './story.ts'
export { prepareWorld, type PilotPlan, type World } from './world.ts'
export { printStory } from './print.ts'
