import { expect } from 'chai'
import { codeOf, PASSWORD, testGateway, type TestGateway } from '../testing/gateway.ts'

const OWN = 'a password of my own'

describe('log-in', function () {
  this.timeout(60_000)
  let gateway: TestGateway
  before(async () => {
    gateway = await testGateway({ accessTokenSeconds: 5 })
  })
  after(() => gateway.close())

  it('a wrong password and an unknown login are refused alike', async () => {
    await gateway.user({ login: 'anna', roles: ['operator'] })
    const client = gateway.anonymous()
    expect(await codeOf(client.logIn('anna', 'wrong'))).to.equal('LOGIN_REFUSED')
    expect(await codeOf(client.logIn('nobody', 'wrong'))).to.equal('LOGIN_REFUSED')
    expect(await codeOf(client.logIn('anna', PASSWORD))).to.equal('accepted')
  })

  it('five failures lock a login, even for the right password', async () => {
    await gateway.user({ login: 'bert', roles: ['operator'] })
    const client = gateway.anonymous()
    for (let i = 0; i < 5; i++) await codeOf(client.logIn('bert', 'wrong'))
    expect(await codeOf(client.logIn('bert', PASSWORD))).to.equal('LOGIN_LOCKED')
  })

  it('an expired token is answered 401 TOKEN_EXPIRED, and the client renews it by itself', async () => {
    const client = await gateway.user({ login: 'carl', roles: ['operator'] })
    const token = client.session?.accessToken ?? ''
    const ask = (): Promise<Response> =>
      fetch(`${gateway.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
    expect((await ask()).status).to.equal(200)
    const deadline = Date.now() + 20_000
    let answer = await ask()
    while (answer.status === 200 && Date.now() < deadline) {
      await new Promise(resolve => setTimeout(resolve, 300))
      answer = await ask()
    }
    expect(answer.status).to.equal(401)
    expect(((await answer.json()) as { code: string }).code).to.equal('TOKEN_EXPIRED')
    expect((await client.call('users.list', {})).items).to.not.be.empty
    expect((await client.call('sessions.me', {})).login).to.equal('carl')
  })

  it('a token of another signer, or one that was changed, is refused', async () => {
    const client = await gateway.user({ login: 'dora', roles: ['operator'] })
    const token = client.session?.accessToken ?? ''
    const forged = `${token.slice(0, -6)}AAAAAA`
    for (const bad of [forged, 'x.y.z', token.replace('.', '.e')]) {
      const answer = await fetch(`${gateway.url}/v1/me`, {
        headers: { authorization: `Bearer ${bad}` },
      })
      expect(answer.status).to.equal(401)
    }
    expect((await fetch(`${gateway.url}/v1/me`)).status).to.equal(401)
  })

  it('a refresh token works once; used again it ends the session for everyone', async () => {
    const client = await gateway.user({ login: 'emil', roles: ['operator'] })
    const { refreshToken } = client.session ?? { refreshToken: '' }
    const renewed = await client.call('sessions.refresh', { body: { refreshToken } })
    expect(await codeOf(client.call('sessions.refresh', { body: { refreshToken } }))).to.equal(
      'SESSION_ENDED',
    )
    const stolen = client.call('sessions.refresh', {
      body: { refreshToken: renewed.refreshToken },
    })
    expect(await codeOf(stolen)).to.equal('SESSION_ENDED')
  })

  it('logging out and being disabled end a session at once', async () => {
    const boss = await gateway.user({ login: 'fritz', roles: ['operator'] })
    const made = await boss.call('users.create', {
      body: { login: 'gina', name: 'Gina', password: PASSWORD, roles: ['auditor'] },
    })
    const gina = gateway.anonymous()
    await gina.logIn('gina', PASSWORD, OWN)
    await boss.call('users.disable', { params: { userId: made.userId } })
    expect(await codeOf(gateway.anonymous().logIn('gina', OWN))).to.equal('LOGIN_REFUSED')
    expect(await codeOf(gina.call('sessions.me', {}))).to.equal('SESSION_ENDED')
    await boss.call('sessions.close', {})
    expect(await codeOf(boss.call('sessions.me', {}))).to.equal('SESSION_ENDED')
  })

  it('an address that tries many logins is slowed down', async () => {
    const slow = await testGateway({ loginsPerMinute: 3 })
    const codes: string[] = []
    for (let i = 0; i < 4; i++) codes.push(await codeOf(slow.anonymous().logIn(`user${i}`, 'x')))
    expect(codes.at(-1)).to.equal('RATE_LIMITED')
    await slow.close()
  })

  it('an address that is slowed down is told when to come again', async () => {
    const slow = await testGateway({ loginsPerMinute: 1 })
    const body = JSON.stringify({ login: 'nobody', password: 'x' })
    const headers = { 'content-type': 'application/json' }
    const ask = () => fetch(`${slow.url}/v1/sessions`, { method: 'POST', headers, body })
    await ask()
    const refused = await ask()
    expect(refused.status).to.equal(429)
    expect(Number(refused.headers.get('retry-after'))).to.be.within(1, 60)
    await slow.close()
  })

  it('a flood of log-ins is turned away at the door, and what got in is answered', async () => {
    await gateway.user({ login: 'kurt', roles: ['operator'] })
    const body = JSON.stringify({ login: 'kurt', password: PASSWORD })
    const headers = { 'content-type': 'application/json' }
    const flood = await Promise.all(
      Array.from({ length: 80 }, () =>
        fetch(`${gateway.url}/v1/sessions`, { method: 'POST', headers, body }),
      ),
    )
    const busy = flood.filter(one => one.status === 503)
    expect(flood.filter(one => one.status === 201)).to.have.length(80 - busy.length)
    expect(busy).to.not.be.empty
    expect(((await busy[0]?.json()) as { code: string }).code).to.equal('LOGIN_BUSY')
    expect(busy[0]?.headers.get('retry-after')).to.equal('1')
  })

  it('guesses at one login that come together do not get round its lock', async () => {
    await gateway.user({ login: 'lena', roles: ['operator'] })
    const guesses = Array.from({ length: 30 }, (_, i) =>
      codeOf(gateway.anonymous().logIn('lena', `guess ${i}`)),
    )
    const codes = await Promise.all(guesses)
    expect(codes.filter(code => code === 'LOGIN_REFUSED').length).to.be.within(5, 6)
    expect(await codeOf(gateway.anonymous().logIn('lena', PASSWORD))).to.equal('LOGIN_LOCKED')
  })

  it('a password that the operator set opens nothing until its owner has chosen another', async () => {
    const boss = await gateway.user({ login: 'mona', roles: ['operator'] })
    const body = { login: 'nils', name: 'N', password: PASSWORD, roles: ['auditor' as const] }
    expect((await boss.call('users.create', { body })).passwordOneTime).to.equal(true)
    const nils = gateway.anonymous()
    expect(await codeOf(nils.logIn('nils', PASSWORD))).to.equal('PASSWORD_CHANGE_REQUIRED')
    expect(await codeOf(nils.logIn('nils', PASSWORD, PASSWORD))).to.equal('PASSWORD_SAME')
    expect(await codeOf(nils.logIn('nils', PASSWORD, 'short'))).to.equal('REQUEST_INVALID')
    expect(await codeOf(nils.logIn('nils', 'not the password', OWN))).to.equal('LOGIN_REFUSED')
    await nils.logIn('nils', PASSWORD, OWN)
    expect(await codeOf(gateway.anonymous().logIn('nils', PASSWORD))).to.equal('LOGIN_REFUSED')
    expect(await codeOf(gateway.anonymous().logIn('nils', OWN))).to.equal('accepted')
    const listed = (await boss.call('users.list', {})).items.find(one => one.login === 'nils')
    expect(listed?.passwordOneTime).to.equal(false)
  })

  it('a change of password ends the sessions that the old one had opened', async () => {
    const thief = await gateway.user({ login: 'olga', roles: ['auditor'] })
    await gateway.anonymous().logIn('olga', PASSWORD, OWN)
    expect(await codeOf(thief.call('sessions.me', {}))).to.equal('SESSION_ENDED')
  })

  it('of two who exchange a one-time password at once, one gets in', async () => {
    const boss = await gateway.user({ login: 'paul', roles: ['operator'] })
    const body = { login: 'rosa', name: 'R', password: PASSWORD, roles: ['auditor' as const] }
    await boss.call('users.create', { body })
    const codes = await Promise.all(
      [OWN, `${OWN} 2`].map(own => codeOf(gateway.anonymous().logIn('rosa', PASSWORD, own))),
    )
    expect(codes).to.have.members(['accepted', 'LOGIN_REFUSED'])
  })

  it('nobody is maker and checker at once', async () => {
    const boss = await gateway.user({ login: 'hans', roles: ['operator'] })
    const both = boss.call('users.create', {
      body: { login: 'ilse', name: 'Ilse', password: PASSWORD, roles: ['maker', 'checker'] },
    })
    expect(await codeOf(both)).to.equal('MAKER_IS_CHECKER')
  })
})
