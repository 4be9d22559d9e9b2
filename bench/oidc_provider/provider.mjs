// The peer of `make bench` and `make bench-oidc`: npm oidc-provider on a SQLite store, with one client, one account and ES256 keys.
// usage: node provider.mjs PORT DATABASE SYNCHRONOUS REDIRECT_URI   (SYNCHRONOUS: NORMAL or FULL)
// Prints a line when it listens. Its own development pages sign in and ask for consent, once.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { Provider } from 'oidc-provider'

const [port, file, synchronous, redirectUri] = process.argv.slice(2)
const issuer = `http://127.0.0.1:${port}`

const database = new DatabaseSync(file)
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
  CREATE TABLE kept (id TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, expires_at INTEGER, consumed_at INTEGER);
  CREATE INDEX kept_grant ON kept (grant_id); CREATE INDEX kept_uid ON kept (uid)`)
const statements = {
  put: database.prepare(`INSERT INTO kept (id, payload, grant_id, uid, expires_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`),
  find: database.prepare('SELECT payload, consumed_at FROM kept WHERE id = ? AND expires_at > ?'),
  byUid: database.prepare('SELECT payload, consumed_at FROM kept WHERE uid = ? AND expires_at > ?'),
  consume: database.prepare('UPDATE kept SET consumed_at = ? WHERE id = ?'),
  remove: database.prepare('DELETE FROM kept WHERE id = ?'),
  revoke: database.prepare('DELETE FROM kept WHERE grant_id = ?'),
}
const now = () => Math.floor(Date.now() / 1000)
const opened = (row) => row && { ...JSON.parse(row.payload), ...(row.consumed_at ? { consumed: row.consumed_at } : {}) }

class Adapter {
  constructor(name) { this.name = name }
  key(id) { return `${this.name}:${id}` }
  async upsert(id, payload, expiresIn) {
    const end = expiresIn ? now() + expiresIn : Number.MAX_SAFE_INTEGER
    statements.put.run(this.key(id), JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, end)
  }
  async find(id) { return opened(statements.find.get(this.key(id), now())) }
  async findByUid(uid) { return opened(statements.byUid.get(uid, now())) }
  async findByUserCode() { return undefined }
  async consume(id) { statements.consume.run(now(), this.key(id)) }
  async destroy(id) { statements.remove.run(this.key(id)) }
  async revokeByGrantId(grantId) { statements.revoke.run(grantId) }
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const provider = new Provider(issuer, {
  adapter: Adapter,
  clients: [{
    client_id: 'school',
    client_secret: 'a-secret-of-the-school-of-48-characters-012345678',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    id_token_signed_response_alg: 'ES256',
  }],
  cookies: { keys: [randomBytes(32).toString('hex')] },
  jwks: { keys: [{ ...key, alg: 'ES256', use: 'sig', kid: 'one' }] },
  claims: { openid: ['sub'], profile: ['name', 'given_name', 'family_name'] },
  scopes: ['openid', 'profile'],
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  features: { clientCredentials: { enabled: true }, introspection: { enabled: true } },
  findAccount: async (_, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, name: 'Alice Martin', given_name: 'Alice', family_name: 'Martin' }),
  }),
})
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'))
