/**
 * Issues certificates to the users of a benchmark: `enrol LEDGER_FOLDER USERS_FILE`. A program of its own, because
 * the certificate authority and the gateway client cannot share a process (see ground/).
 *
 * USERS_FILE holds [{mspId, name, role, memberId?, domain}]; each user gets `wallet/<index>.{cert,key}.pem` in the folder.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { issueCertificate } from '@triflow/network/msp'

export interface Enrolled {
  readonly mspId: string
  readonly domain: string
  readonly name: string
  readonly role: string
  readonly memberId?: string
}

const [folder, usersFile] = process.argv.slice(2)
if (!folder || !usersFile) throw new Error('usage: enrol LEDGER_FOLDER USERS_FILE')
const users = JSON.parse(readFileSync(usersFile, 'utf8')) as Enrolled[]
const wallet = path.join(folder, 'wallet')
mkdirSync(wallet, { recursive: true })
for (const [index, { domain, name, role, memberId }] of users.entries()) {
  const { certificatePem, privateKeyPem } = await issueCertificate({
    caFolder: path.join(folder, 'organizations/peerOrganizations', domain, 'ca'),
    commonName: name,
    role: 'client',
    attributes: { role, ...(memberId === undefined ? {} : { memberId }) },
  })
  writeFileSync(path.join(wallet, `${index}.cert.pem`), certificatePem)
  writeFileSync(path.join(wallet, `${index}.key.pem`), privateKeyPem ?? '', { mode: 0o600 })
}
