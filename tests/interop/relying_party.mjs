// A relying party on npm openid-client, a line in, a line out, so that a test can play the citizen in between.
// usage: node relying_party.mjs ISSUER CLIENT_ID CLIENT_SECRET REDIRECT_URI AUTHORIZATION_DETAILS [dpop]
// Prints {"authorization_url"}; reads the callback URL; prints what it got; then answers commands:
// fetch URL | refresh | revoke
import * as readline from 'node:readline/promises'
import * as client from 'openid-client'

const [issuer, clientId, secret, redirectUri, details, mode] = process.argv.slice(2)
const say = (value) => console.log(JSON.stringify(value))

const config = await client.discovery(
  new URL(issuer), clientId, { id_token_signed_response_alg: 'ES256' }, client.ClientSecretBasic(secret),
  { execute: [client.allowInsecureRequests] },
)
const options = {}
if (mode === 'dpop') {
  options.DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
}
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
const url = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: redirectUri,
  scope: 'openid profile email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
  authorization_details: details,
}, options)
say({ authorization_url: url.href })

let tokens
const lines = readline.createInterface({ input: process.stdin })
for await (const line of lines) {
  const [command, argument] = line.split(' ')
  try {
    if (command === 'callback') {
      tokens = await client.authorizationCodeGrant(
        config, new URL(argument), { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }, undefined, options,
      )
      const claims = tokens.claims()
      const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, options)
      say({ claims, userinfo, token_type: tokens.token_type, authorization_details: tokens.authorization_details,
        refreshable: Boolean(tokens.refresh_token) })
    } else if (command === 'fetch') {
      const answer = await client.fetchProtectedResource(
        config, tokens.access_token, new URL(argument), 'GET', undefined, new Headers({ 'Acting-Agent': 'system' }), options,
      )
      const body = Buffer.from(await answer.arrayBuffer())
      const headers = Object.fromEntries(answer.headers)
      const problem = headers['content-type'].startsWith('application/problem+json') ? JSON.parse(body) : null
      const digest = Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex')
      say({ status: answer.status, headers, sha256: digest, length: body.length, problem })
    } else if (command === 'refresh') {
      tokens = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
      say({ refreshed: true, claims: tokens.claims() ?? null })
    } else if (command === 'revoke') {
      await client.tokenRevocation(config, tokens.refresh_token ?? tokens.access_token)
      say({ revoked: true })
    }
  } catch (error) {
    say({ error: error.error ?? error.code ?? error.message, description: error.error_description ?? error.cause?.message ?? '',
      status: error.status ?? error.cause?.status ?? null, cause: error.cause ?? null })
  }
}
