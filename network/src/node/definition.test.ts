import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { parseDefinition, readDefinition } from './definition.ts'
import { NetworkFault } from './fault.ts'
import { nodesOf } from './topology.ts'

const organization = (name: string, more: object = {}): object => ({
  name,
  mspId: `${name}MSP`,
  domain: `${name.toLowerCase()}.example.com`,
  peers: [{ name: 'peer0' }],
  ...more,
})
const valid = {
  name: 'net',
  organizations: [organization('Org1', { orderer: true }), organization('Org2')],
  channels: [{ name: 'ch' }],
}

function faultOf(value: unknown): NetworkFault {
  try {
    parseDefinition(value)
  } catch (error) {
    if (error instanceof NetworkFault) return error
  }
  throw new Error('the definition was accepted')
}

describe('a network definition', () => {
  let folder = ''
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'definition-'))))
  after(() => rmSync(folder, { recursive: true }))

  it('reads the same from JSON and from YAML', () => {
    const json = path.join(folder, 'net.json')
    const yaml = path.join(folder, 'net.yaml')
    writeFileSync(json, JSON.stringify(valid))
    writeFileSync(
      yaml,
      [
        'name: net',
        'organizations:',
        '  - {name: Org1, mspId: Org1MSP, domain: org1.example.com, peers: [peer0], orderer: true}',
        '  - {name: Org2, mspId: Org2MSP, domain: org2.example.com, peers: [peer0]}',
        'channels: [{name: ch}]',
      ].join('\n'),
    )
    expect(readDefinition(yaml)).to.deep.equal(readDefinition(json))
  })

  it('names the file that cannot be read', () => {
    expect(() => readDefinition(path.join(folder, 'none.json'))).to.throw(/none\.json/)
    writeFileSync(path.join(folder, 'bad.json'), '{')
    expect(() => readDefinition(path.join(folder, 'bad.json'))).to.throw(NetworkFault, /bad\.json/)
  })

  const refusals: [string, unknown, RegExp][] = [
    ['an unknown field', { ...valid, chanels: [] }, /chanels/],
    ['a port out of range', { ...valid, basePort: 80 }, /basePort/],
    [
      'a domain that would leave the folder',
      { ...valid, organizations: [organization('Org1', { domain: '../../etc', orderer: true })] },
      /organizations\[0\]\.domain/,
    ],
    [
      'one MSP id twice',
      {
        ...valid,
        organizations: [...valid.organizations, organization('Org3', { mspId: 'Org1MSP' })],
      },
      /organizations\[2\]\.mspId: Org1MSP is used twice/,
    ],
    [
      'a channel of strangers',
      { ...valid, channels: [{ name: 'ch', organizations: ['Org1MSP', 'Org9MSP'] }] },
      /channels\[0\]\.organizations\[1\]/,
    ],
    ['no orderer', { ...valid, organizations: [organization('Org1')] }, /no node orders/],
    [
      'a channel on which no chaincode could be approved',
      {
        ...valid,
        organizations: [
          ...valid.organizations,
          organization('A', { peers: [] }),
          organization('B', { peers: [] }),
        ],
      },
      /majority/,
    ],
    ['no channels', { ...valid, channels: [] }, /channels/],
  ]
  for (const [what, value, path] of refusals)
    it(`refuses ${what} and names its place`, () => {
      const fault = faultOf(value)
      expect(fault.code).to.equal('DEFINITION_INVALID')
      expect(fault.message).to.match(path)
    })

  it('places every node at ports of its own', () => {
    const definition = parseDefinition({
      ...valid,
      orderers: 3,
      organizations: [
        organization('Org1', { peers: ['peer0', 'peer1'], orderer: true }),
        organization('Org2'),
      ],
    })
    const nodes = nodesOf(definition)
    expect(nodes.map(node => node.name)).to.deep.equal([
      'peer0.org1.example.com',
      'peer1.org1.example.com',
      'peer0.org2.example.com',
      'orderer.ord1.example.com',
      'orderer.ord2.example.com',
      'orderer.ord3.example.com',
    ])
    expect(nodes.map(node => node.orderer?.consenterId)).to.deep.equal([
      1,
      undefined,
      undefined,
      2,
      3,
      4,
    ])
    expect(new Set(nodes.map(node => node.clientPort)).size).to.equal(nodes.length)
  })

  it('puts organisations that only order outside the channel', () => {
    const definition = parseDefinition({ ...valid, orderers: 1 })
    expect(definition.channels[0]?.organizations).to.deep.equal(['Org1MSP', 'Org2MSP'])
  })
})
