// A relying party on npm oauth4webapi whose person is elsewhere: the device flow (RFC 8628), and CIBA by polling.
// usage: node decoupled.mjs ISSUER CLIENT_ID CLIENT_SECRET
// Answers commands, a line in, a line out: device | ciba LOGIN_HINT | poll | refresh | revoke
import * as readline from 'node:readline/promises'
import * as oauth from 'oauth4webapi'

const [issuer, clientId, secret] = process.argv.slice(2)
const say = (value) => console.log(JSON.stringify(value))
const insecure = { [oauth.allowInsecureRequests]: true }
const client = { client_id: clientId, id_token_signed_response_alg: 'ES256' }
const auth = oauth.ClientSecretBasic(secret)
const url = new URL(issuer)
const as = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, insecure))
let poll
let tokens

const commands = {
  async device() {
    const begun = await oauth.processDeviceAuthorizationResponse(as, client,
      await oauth.deviceAuthorizationRequest(as, client, auth, { scope: 'openid profile' }, insecure))
    poll = async () => oauth.processDeviceCodeResponse(as, client,
      await oauth.deviceCodeGrantRequest(as, client, auth, begun.device_code, insecure))
    return begun
  },
  async ciba(hint) {
    const begun = await oauth.processBackchannelAuthenticationResponse(as, client,
      await oauth.backchannelAuthenticationRequest(as, client, auth,
        { scope: 'openid profile', login_hint: hint, binding_message: 'W-17' }, insecure))
    poll = async () => oauth.processBackchannelAuthenticationGrantResponse(as, client,
      await oauth.backchannelAuthenticationGrantRequest(as, client, auth, begun.auth_req_id, insecure))
    return begun
  },
  async poll() {
    tokens = await poll()
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    const userinfo = await oauth.processUserInfoResponse(as, client, claims.sub,
      await oauth.userInfoRequest(as, client, tokens.access_token, insecure))
    return { claims, userinfo }
  },
  async refresh() {
    tokens = await oauth.processRefreshTokenResponse(as, client,
      await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, insecure))
    return { token_type: tokens.token_type }
  },
  async revoke() {
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, client, auth, tokens.refresh_token, insecure))
    return { revoked: true }
  },
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [command, argument] = line.split(' ')
  try {
    say(await commands[command](argument))
  } catch (error) {
    say({ error: error.error ?? error.code ?? error.message, description: error.error_description ?? error.message })
  }
}
