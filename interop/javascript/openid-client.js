// The whole flow with openid-client: node openid-client.js <server> <client secret>
import assert from 'node:assert/strict'
import * as oidc from 'openid-client'

const [server, secret] = process.argv.slice(2)
const as = { issuer: server, authorization_endpoint: server + '/authorize', token_endpoint: server + '/token' }

function configured(id, authentication) {
  const config = new oidc.Configuration(as, id, undefined, authentication)
  oidc.allowInsecureRequests(config)
  return config
}

async function seen(code, request) {
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof oidc.ResponseBodyError, error)
    assert.equal(error.status, 401)
    assert.equal(error.error, code)
    return true
  })
}

async function flow(config) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const expectedState = oidc.randomState()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: 'http://127.0.0.1:4321/callback', scope: 'projects:read', state: expectedState,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  })
  const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location'))
  const exchange = (verifier) => oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState })

  await seen('invalid_grant', exchange(oidc.randomPKCECodeVerifier()))
  const tokens = await exchange(pkceCodeVerifier)
  assert.equal(tokens.token_type, 'bearer')
  assert.ok(Math.abs(tokens.expiresIn() - 3600) < 60, String(tokens.expiresIn()))
  assert.equal(tokens.scope, 'projects:read')

  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token)
  assert.notEqual(refreshed.access_token, tokens.access_token)
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  await seen('invalid_grant', oidc.refreshTokenGrant(config, 'unknown'))
  await seen('invalid_grant', exchange(pkceCodeVerifier))
  await seen('invalid_grant', oidc.refreshTokenGrant(config, refreshed.refresh_token)) // revoked by the replay of the code
}

await flow(configured('confidential', oidc.ClientSecretBasic(secret)))
await flow(configured('confidential', oidc.ClientSecretPost(secret)))
await flow(configured('public', oidc.None()))

const refused = (authentication) => oidc.refreshTokenGrant(configured('confidential', authentication), 'x')
await seen('invalid_client', refused(oidc.ClientSecretPost('wrong')))
// By Basic the answer has a challenge, which the client reports in place of the body.
await assert.rejects(refused(oidc.ClientSecretBasic('wrong')), (error) => {
  assert.ok(error instanceof oidc.WWWAuthenticateChallengeError, error)
  assert.equal(error.status, 401)
  assert.equal(error.cause[0].scheme, 'basic')
  return true
})
console.log('openid-client: complete')
