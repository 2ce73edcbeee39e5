// The whole flow with oauth4webapi: node flow.js <server> <client secret>
import assert from 'node:assert/strict'
import * as oauth from 'oauth4webapi'

const [server, secret] = process.argv.slice(2)
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

  await documented(401, 'invalid_grant', exchange(redirectURI + '/2', verifier))
  await documented(401, 'invalid_grant', exchange(redirectURI, oauth.generateRandomCodeVerifier()))
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, await exchange(redirectURI, verifier))
  assert.equal(tokens.token_type, 'bearer')
  assert.equal(tokens.expires_in, 3600)
  assert.equal(tokens.scope, 'projects:read')

  const refresh = (token) => oauth.refreshTokenGrantRequest(as, client, authentication, token, insecure)
  const refreshed = await oauth.processRefreshTokenResponse(as, client, await refresh(tokens.refresh_token))
  assert.notEqual(refreshed.access_token, tokens.access_token)
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token)
  await assert.rejects(async () => oauth.processRefreshTokenResponse(as, client, await refresh('unknown')), (error) => error.status === 401)
  await documented(401, 'invalid_grant', exchange(redirectURI, verifier))
  await documented(401, 'invalid_grant', refresh(refreshed.refresh_token))
}

const confidential = { client_id: 'confidential' }
await flow(confidential, oauth.ClientSecretBasic(secret))
await flow(confidential, oauth.ClientSecretPost(secret))
await flow({ client_id: 'public' }, oauth.None())
await documented(401, 'invalid_client', oauth.refreshTokenGrantRequest(as, confidential, oauth.ClientSecretBasic('wrong'), 'x', insecure))
console.log('oauth4webapi: complete')
