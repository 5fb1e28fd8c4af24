// What the tests of whole networks share: five organisations (four that order, one that only reads) and the probe chaincode.
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { chaincodePackage } from '../chaincode-package.ts'
import { parseDefinition, type NetworkDefinition } from '../definition.ts'
import { parseDeployment, type Deployment } from '../deployment.ts'
import type { TestCall } from './client.ts'

export const CHANNEL = 'ch'
export const VALID = 0
export const ENDORSEMENT_POLICY_FAILURE = 10
export const letters = ['A', 'B', 'C', 'D'] as const
export type Letter = (typeof letters)[number]

const { packageId } = chaincodePackage('probe_1.0')

export const peerOf = (letter: string): string => `peer0.${letter.toLowerCase()}.example.com`
const chaincodePort = (basePort: number, letter: string): number =>
  basePort + 90 + letter.charCodeAt(0) - 65

export function probeDefinition(name: string, basePort: number): NetworkDefinition {
  return parseDefinition({
    name,
    basePort,
    organizations: [
      ...letters.map(each => ({
        name: each,
        mspId: `${each}MSP`,
        domain: `${each.toLowerCase()}.example.com`,
        peers: ['peer0'],
        orderer: true,
      })),
      { name: 'R', mspId: 'RMSP', domain: 'r.example.com', peers: ['peer0'] },
    ],
    channels: [{ name: CHANNEL }],
  })
}

/** One chaincode process per organisation that endorses; each is to be killed by the caller. */
export function startProbes(basePort: number): ChildProcess[] {
  const file = fileURLToPath(new URL('../../peer/testing/probe-chaincode.mjs', import.meta.url))
  return letters.map(letter =>
    spawn(process.execPath, [file], {
      stdio: 'ignore',
      env: {
        ...process.env,
        CHAINCODE_ID: packageId,
        CHAINCODE_SERVER_ADDRESS: `127.0.0.1:${chaincodePort(basePort, letter)}`,
        CORE_PEER_LOCALMSPID: `${letter}MSP`,
        CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR',
      },
    }),
  )
}

export function probeDeployment(basePort: number, sequence = 1): Deployment {
  const addresses = letters.map(each => [
    peerOf(each),
    `127.0.0.1:${chaincodePort(basePort, each)}`,
  ])
  return parseDeployment({
    channel: CHANNEL,
    name: 'probe',
    version: '1.0',
    sequence,
    packageId,
    policy: "OutOf(2,'AMSP.peer','BMSP.peer','CMSP.peer','DMSP.peer')",
    collections: [{ name: 'ab', policy: "OR('AMSP.member','BMSP.member')", memberOnlyRead: true }],
    service: { addresses: Object.fromEntries(addresses) as Record<string, string> },
  })
}

export const probeCall = (name: string, ...args: string[]): TestCall => ({
  chaincode: 'probe',
  name,
  args,
})
