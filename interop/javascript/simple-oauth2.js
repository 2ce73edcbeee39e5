// The whole flow with simple-oauth2: node simple-oauth2.js <server> <client secret>
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { AuthorizationCode } from 'simple-oauth2'

const [server, secret] = process.argv.slice(2)
const redirect_uri = 'http://127.0.0.1:4321/callback'

const configured = (client, options) => new AuthorizationCode({
  client, options, auth: { tokenHost: server, tokenPath: '/token', authorizePath: '/authorize' },
})

async function seen(code, request) {
  await assert.rejects(request, (error) => {
    assert.ok(error.isBoom, error)
    assert.equal(error.output.statusCode, 401)
    assert.equal(error.data.payload.error, code)
    return true
  })
}

// The library leaves PKCE to its user and passes its parameters on.
async function flow(client) {
  const code_verifier = randomBytes(32).toString('base64url')
  const code_challenge = createHash('sha256').update(code_verifier).digest('base64url')
  const url = client.authorizeURL({ redirect_uri, scope: ['projects:read'], state: 'state', code_challenge, code_challenge_method: 'S256' })
  const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location'))
  const code = back.searchParams.get('code')

  await seen('invalid_grant', client.getToken({ code, redirect_uri, code_verifier: randomBytes(32).toString('base64url') }))
  const tokens = await client.getToken({ code, redirect_uri, code_verifier })
  assert.equal(tokens.token.token_type, 'Bearer')
  assert.equal(tokens.token.scope, 'projects:read')
  assert.equal(tokens.expired(), false)
  assert.equal(tokens.expired(3601), true)

  const refreshed = await tokens.refresh()
  assert.notEqual(refreshed.token.access_token, tokens.token.access_token)
  assert.notEqual(refreshed.token.refresh_token, tokens.token.refresh_token)
  await seen('invalid_grant', client.createToken({ refresh_token: 'unknown' }).refresh())
  await seen('invalid_grant', client.getToken({ code, redirect_uri, code_verifier }))
  await seen('invalid_grant', refreshed.refresh()) // revoked by the replay of the code
}

const ways = [{}, { credentialsEncodingMode: 'loose' }, { authorizationMethod: 'body' }] // loose is Basic without form-encoding
for (const options of ways) {
  await flow(configured({ id: 'confidential', secret }, options))
  await seen('invalid_client', configured({ id: 'confidential', secret: 'wrong' }, options).createToken({ refresh_token: 'x' }).refresh())
}
await flow(configured({ id: 'public', secret: '' }, { authorizationMethod: 'body' }))
console.log('simple-oauth2: complete')
