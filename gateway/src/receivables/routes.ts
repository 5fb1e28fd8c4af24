import { by } from '../network/routes.ts'
import type { Handlers } from '../platform/http/bind.ts'
import { scopeOf, type Services } from '../services.ts'
import { certificatesPropose } from './issuing.ts'
import { certificateSplit, defineMoves, transferOffer } from './moving.ts'
import { getCertificate, listCertificates } from './reading.ts'

type Names =
  | 'certificates.list'
  | 'certificates.get'
  | 'certificates.propose'
  | 'certificates.offer'
  | 'certificates.accept'
  | 'certificates.reject'
  | 'certificates.withdraw'
  | 'certificates.split'
  | 'transfers.offer'
  | 'transfers.signOff'
  | 'transfers.reject'
  | 'transfers.recall'

export function receivableHandlers(services: Services): Handlers<Names> {
  const { engine } = services
  engine.define(certificatesPropose(services))
  engine.define(certificateSplit(services))
  engine.define(transferOffer(services))
  defineMoves(services)
  const one = ({ certificateId }: { certificateId: string }) => ({
    certificateIds: [certificateId],
  })
  return {
    'certificates.list': async ({ caller, query }) =>
      listCertificates(services, scopeOf(caller), query),
    'certificates.get': async ({ caller, params }) =>
      getCertificate(services, scopeOf(caller), params.certificateId),
    'certificates.propose': async call =>
      engine.perform('certificates.propose', call.body, by(call)),
    'certificates.offer': async call => engine.perform('certificates.offer', call.body, by(call)),
    'certificates.accept': async call => engine.perform('certificates.accept', call.body, by(call)),
    'certificates.reject': async call =>
      engine.perform('certificates.reject', one(call.params), by(call)),
    'certificates.withdraw': async call =>
      engine.perform('certificates.withdraw', one(call.params), by(call)),
    'certificates.split': async call =>
      engine.perform('certificates.split', { ...call.params, ...call.body }, by(call)),
    'transfers.offer': async call =>
      engine.perform('transfers.offer', { ...call.params, ...call.body }, by(call)),
    'transfers.signOff': async call => engine.perform('transfers.signOff', call.body, by(call)),
    'transfers.reject': async call =>
      engine.perform('transfers.reject', one(call.params), by(call)),
    'transfers.recall': async call =>
      engine.perform('transfers.recall', one(call.params), by(call)),
  }
}
