/**
 * One chaincode process: the unmodified fabric-shim server with our contracts.
 *
 * Environment: CHAINCODE_ID (package id), CHAINCODE_SERVER_ADDRESS (host:port), CORE_PEER_LOCALMSPID (the
 * organisation whose peer this process serves; private reads of others are refused by it). With
 * CHAINCODE_TLS_CERT_FILE and CHAINCODE_TLS_KEY_FILE it serves TLS, with CHAINCODE_CLIENT_CA_FILE mutual TLS.
 * CHAINCODE_ONE_BY_ONE=true speaks with peers before Fabric 3.1, which take one key in a message.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { contracts } from './index.ts'
import { inBulk } from './shim/bulk.ts'
import type { ShimStub } from './shim/bulk.ts'

type Server = { start(): Promise<void> }
type Shim = { server(chaincode: object, options: object): Server }
type Logger = { levels: object; isLevelEnabled(level: string): boolean } & Record<string, unknown>
type Winston = { createLogger(options: object): Logger }
type Chaincode = Record<'Init' | 'Invoke', (stub: ShimStub) => Promise<object>>
type Framework = new (contracts: unknown[], serializers: object, metadata: object) => Chaincode

process.env.CORE_CHAINCODE_LOGGING_LEVEL ??= 'ERROR'
const require = createRequire(import.meta.url)
quietBelowLevel(createRequire(require.resolve('fabric-shim'))('winston') as Winston)
const shim = require('fabric-shim') as Shim
const ChaincodeFromContract =
  require('fabric-shim/lib/contract-spi/chaincodefromcontract.js') as Framework
const { JSONSerializer } = require('fabric-contract-api') as { JSONSerializer: unknown }

/**
 * The shim logs every message at debug level, and its logger formats a line before it asks whether anybody wants
 * it: a quarter of this process's time. Loggers made from now on ask first.
 */
function quietBelowLevel(winston: Winston): void {
  const create = winston.createLogger
  winston.createLogger = function createQuietLogger(options) {
    const logger = create(options)
    for (const level of Object.keys(logger.levels)) {
      const write = logger[level] as (...message: unknown[]) => unknown
      logger[level] = (...message: unknown[]) =>
        logger.isLevelEnabled(level) ? write.apply(logger, message) : logger
    }
    return logger
  }
}

const setting = (name: string): string => {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`Set ${name}; see the head of main.ts.`)
  return value
}

const tlsSettings = (): object => {
  const { CHAINCODE_TLS_CERT_FILE: cert, CHAINCODE_TLS_KEY_FILE: key } = process.env
  const ca = process.env.CHAINCODE_CLIENT_CA_FILE
  if (cert === undefined || key === undefined) return {}
  const clientCACerts = ca === undefined ? undefined : readFileSync(ca)
  return { tlsProps: { cert: readFileSync(cert), key: readFileSync(key), clientCACerts } }
}

setting('CORE_PEER_LOCALMSPID')
const serializers = {
  transaction: 'jsonSerializer',
  serializers: { jsonSerializer: JSONSerializer },
}
const chaincode = new ChaincodeFromContract([...contracts], serializers, {})
const bulkWanted = process.env.CHAINCODE_ONE_BY_ONE !== 'true'
const served: Chaincode = {
  Init: stub => chaincode.Init(stub),
  Invoke: stub => chaincode.Invoke(bulkWanted ? Object.assign(stub, { bulk: inBulk(stub) }) : stub),
}
const address = setting('CHAINCODE_SERVER_ADDRESS')
const serve = async (): Promise<void> => {
  const options = { ccid: setting('CHAINCODE_ID'), address, ...tlsSettings() }
  await shim.server(served, options).start()
  process.stdout.write(`chaincode of ${setting('CORE_PEER_LOCALMSPID')} listens on ${address}\n`)
}

const stop = (): void => process.exit(0)
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
void serve()
