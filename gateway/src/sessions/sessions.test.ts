import { expect } from 'chai'
import { codeOf, PASSWORD, testGateway, type TestGateway } from '../testing/gateway.ts'

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
    await gina.logIn('gina', PASSWORD)
    await boss.call('users.disable', { params: { userId: made.userId } })
    expect(await codeOf(gateway.anonymous().logIn('gina', PASSWORD))).to.equal('LOGIN_REFUSED')
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

  it('nobody is maker and checker at once', async () => {
    const boss = await gateway.user({ login: 'hans', roles: ['operator'] })
    const both = boss.call('users.create', {
      body: { login: 'ilse', name: 'Ilse', password: PASSWORD, roles: ['maker', 'checker'] },
    })
    expect(await codeOf(both)).to.equal('MAKER_IS_CHECKER')
  })
})
