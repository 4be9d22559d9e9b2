// A relying party on npm oauth4webapi that speaks FAPI 2.0 Message Signing: private_key_jwt, a signed request object,
// pushed, with authorization details, bound by DPoP, answered by a JWT. A line in, a line out.
// usage: node fapi2.mjs ISSUER CLIENT_ID REDIRECT_URI AUTHORIZATION_DETAILS AFTER_SIGN_OUT
// Prints {"keys"}; then answers commands: begin | callback URL | fetch URL | refresh | introspect | revoke
import * as readline from 'node:readline/promises'
import * as oauth from 'oauth4webapi'

const [issuer, clientId, redirectUri, details, afterSignOut] = process.argv.slice(2)
const say = (value) => console.log(JSON.stringify(value))
const insecure = { [oauth.allowInsecureRequests]: true }

const keys = await oauth.generateKeyPair('ES256')
const privateKey = { key: keys.privateKey, kid: 'one' }
const auth = oauth.PrivateKeyJwt(privateKey)
const client = {
  client_id: clientId,
  id_token_signed_response_alg: 'ES256',
  authorization_signed_response_alg: 'ES256',
  introspection_signed_response_alg: 'ES256',
}
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
const url = new URL(issuer)
const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure))

// The server asks for a nonce of its own at first (RFC 9449 §8).
const twice = (ask) => ask().catch((error) => oauth.isDPoPNonceError(error) ? ask() : Promise.reject(error))
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
let tokens
let idToken

const commands = {
  async begin() {
    const request = await oauth.issueRequestObject(as, client, {
      redirect_uri: redirectUri,
      response_type: 'code',
      response_mode: 'jwt',
      scope: 'openid profile',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      authorization_details: details,
    }, privateKey)
    const pushed = await twice(async () => oauth.processPushedAuthorizationResponse(as, client,
      await oauth.pushedAuthorizationRequest(as, client, auth, { request }, { ...insecure, DPoP })))
    const target = new URL(as.authorization_endpoint)
    target.searchParams.set('client_id', clientId)
    target.searchParams.set('request_uri', pushed.request_uri)
    return { authorization_url: target.href }
  },
  async callback(argument) {
    const answer = await oauth.validateJwtAuthResponse(as, client, new URL(argument), state, insecure)
    tokens = await twice(async () => oauth.processAuthorizationCodeResponse(as, client,
      await oauth.authorizationCodeGrantRequest(as, client, auth, answer, redirectUri, verifier, { ...insecure, DPoP }),
      { expectedNonce: nonce, requireIdToken: true }))
    idToken = tokens.id_token
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    const userinfo = await twice(async () => oauth.processUserInfoResponse(as, client, claims.sub,
      await oauth.userInfoRequest(as, client, tokens.access_token, { ...insecure, DPoP })))
    const out = new URL(as.end_session_endpoint)
    out.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: afterSignOut }).toString()
    return { claims, userinfo, token_type: tokens.token_type, authorization_details: tokens.authorization_details,
      sign_out_url: out.href }
  },
  async fetch(argument) {
    const answer = await twice(() => oauth.protectedResourceRequest(tokens.access_token, 'GET', new URL(argument),
      new Headers({ 'Acting-Agent': 'system' }), null, { ...insecure, DPoP }))
    const body = await answer.arrayBuffer()
    return { status: answer.status, sha256: Buffer.from(await crypto.subtle.digest('SHA-256', body)).toString('hex') }
  },
  async refresh() {
    const fresh = await twice(async () => oauth.processRefreshTokenResponse(as, client,
      await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, { ...insecure, DPoP })))
    tokens = { refresh_token: tokens.refresh_token, ...fresh }
    return { token_type: fresh.token_type, rotated: fresh.refresh_token !== undefined }
  },
  async introspect() {
    const answer = await oauth.introspectionRequest(as, client, auth, tokens.access_token,
      { ...insecure, requestJwtResponse: true })
    const told = await oauth.processIntrospectionResponse(as, client, answer)
    await oauth.validateApplicationLevelSignature(as, answer, insecure)
    return { active: told.active }
  },
  async revoke() {
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, tokens.refresh_token, insecure))
    return { revoked: true }
  },
}

say({ keys: [{ ...await crypto.subtle.exportKey('jwk', keys.publicKey), kid: 'one', alg: 'ES256', use: 'sig' }] })
for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ')
  try {
    say(await commands[command](argument))
  } catch (error) {
    say({ error: error.error ?? error.code ?? error.message, description: error.error_description ?? error.message,
      status: error.status ?? null, cause: error.cause ?? null })
  }
}
