// The whole flow with @badgateway/oauth2-client: node badgateway.js <server> <client secret>
import assert from 'node:assert/strict'
import { OAuth2Client, OAuth2HttpError, generateCodeVerifier } from '@badgateway/oauth2-client'

const [server, clientSecret] = process.argv.slice(2)
const redirectUri = 'http://127.0.0.1:4321/callback'

const configured = (settings) => new OAuth2Client({
  authorizationEndpoint: server + '/authorize', tokenEndpoint: server + '/token', ...settings,
})

async function seen(code, request) {
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof OAuth2HttpError, error)
    assert.equal(error.httpCode, 401)
    assert.equal(error.oauth2Code, code)
    return true
  })
}

async function flow(client) {
  const codeVerifier = await generateCodeVerifier()
  const url = await client.authorizationCode.getAuthorizeUri({ redirectUri, codeVerifier, state: 'state', scope: ['projects:read'] })
  const back = (await fetch(url, { redirect: 'manual' })).headers.get('location')
  const exchange = (verifier) => client.authorizationCode.getTokenFromCodeRedirect(back, { redirectUri, state: 'state', codeVerifier: verifier })

  await seen('invalid_grant', exchange(await generateCodeVerifier()))
  const tokens = await exchange(codeVerifier)
  assert.deepEqual(tokens.scope, ['projects:read'])
  assert.ok(Math.abs(tokens.expiresAt - Date.now() - 3600_000) < 60_000, String(tokens.expiresAt))

  const refreshed = await client.refreshToken(tokens)
  assert.notEqual(refreshed.accessToken, tokens.accessToken)
  assert.notEqual(refreshed.refreshToken, tokens.refreshToken)
  await seen('invalid_grant', client.refreshToken({ refreshToken: 'unknown' }))
  await seen('invalid_grant', exchange(codeVerifier))
  await seen('invalid_grant', client.refreshToken(refreshed)) // revoked by the replay of the code
}

// Without a method the client sends Basic and encodes colons, and nothing else.
for (const authenticationMethod of [undefined, 'client_secret_basic', 'client_secret_post']) {
  await flow(configured({ clientId: 'confidential', clientSecret, authenticationMethod }))
  const wrong = configured({ clientId: 'confidential', clientSecret: 'wrong', authenticationMethod })
  await seen('invalid_client', wrong.refreshToken({ refreshToken: 'x' }))
}
await flow(configured({ clientId: 'public' }))
console.log('@badgateway/oauth2-client: complete')
