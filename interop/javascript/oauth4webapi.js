// The whole flow with oauth4webapi: node oauth4webapi.js <server> <client secret> <private key>
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'

const [server, secret, pkcs8] = process.argv.slice(2)
const insecure = { [oauth.allowInsecureRequests]: true }
const as = { issuer: server, authorization_endpoint: server + '/authorize', token_endpoint: server + '/token' }
const redirectURI = 'http://127.0.0.1:4321/callback'

// documented runs the request and wants the documented error of it.
async function documented(status, code, response) {
  response = await response
  assert.equal(response.status, status)
  assert.equal(response.headers.get('content-type'), 'application/json')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(await response.text(), `{"error":"${code}"}\n`)
}

// seen runs the request and wants the client to see the documented error of it,
// and not a failure of HTTP authentication.
async function seen(status, code, process) {
  await assert.rejects(process, (error) => {
    assert.ok(error instanceof oauth.ResponseBodyError, error)
    assert.equal(error.status, status)
    assert.equal(error.error, code)
    return true
  })
}

async function flow(client, authentication) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(as.authorization_endpoint)
  for (const [name, value] of Object.entries({
    client_id: client.client_id, response_type: 'code', redirect_uri: redirectURI, scope: 'projects:read', state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  })) {
    url.searchParams.set(name, value)
  }
  const authorized = await fetch(url, { redirect: 'manual' })
  const params = oauth.validateAuthResponse(as, client, new URL(authorized.headers.get('location')), state)
  const exchange = (uri, v) => oauth.authorizationCodeGrantRequest(as, client, authentication, params, uri, v, insecure)

  const exchanged = async (...request) => oauth.processAuthorizationCodeResponse(as, client, await exchange(...request))

  await documented(401, 'invalid_grant', exchange(redirectURI + '/2', verifier))
  await seen(401, 'invalid_grant', exchanged(redirectURI + '/2', verifier))
  await seen(401, 'invalid_grant', exchanged(redirectURI, oauth.generateRandomCodeVerifier()))
  const tokens = await exchanged(redirectURI, verifier)
  assert.equal(tokens.token_type, 'bearer')
  assert.equal(tokens.expires_in, 3600)
  assert.equal(tokens.scope, 'projects:read')

  const refresh = (token) => oauth.refreshTokenGrantRequest(as, client, authentication, token, insecure)
  const refreshedBy = async (token) => oauth.processRefreshTokenResponse(as, client, await refresh(token))
  const refreshed = await refreshedBy(tokens.refresh_token)
  assert.notEqual(refreshed.access_token, tokens.access_token)
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  await seen(401, 'invalid_grant', refreshedBy('unknown'))
  await seen(401, 'invalid_grant', exchanged(redirectURI, verifier))
  await documented(401, 'invalid_grant', refresh(refreshed.refresh_token))
  await seen(401, 'invalid_grant', refreshedBy(refreshed.refresh_token))
}

const confidential = { client_id: 'confidential' }
await flow(confidential, oauth.ClientSecretBasic(secret))
await flow(confidential, oauth.ClientSecretPost(secret))
await flow({ client_id: 'public' }, oauth.None())
const key = await crypto.subtle.importKey('pkcs8', Buffer.from(pkcs8, 'base64'), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
await flow({ client_id: 'signing' }, oauth.PrivateKeyJwt(key))
// In the body, the client's credentials fail without a challenge. By Basic they
// fail with one, which the client reports as such (RFC 6749 section 5.2).
const refused = (authentication) => oauth.refreshTokenGrantRequest(as, confidential, authentication, 'x', insecure)
const refusedBy = async (authentication) => oauth.processRefreshTokenResponse(as, confidential, await refused(authentication))
await documented(401, 'invalid_client', refused(oauth.ClientSecretBasic('wrong')))
await seen(401, 'invalid_client', refusedBy(oauth.ClientSecretPost('wrong')))
await assert.rejects(refusedBy(oauth.ClientSecretBasic('wrong')), (error) => {
  assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, error)
  assert.equal(error.cause[0].scheme, 'basic')
  return true
})
console.log('oauth4webapi: complete')
