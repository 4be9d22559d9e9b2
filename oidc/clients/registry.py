"""The clients of this installation: imported, changed and removed by the operator, read on every request."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

from audit.entries import ActorKind, ClientChanged
from audit.ledger import Ledger
from config.clock import Clock
from config.database import Database, Transaction, in_transaction
from config.errors import OutgoingRefused
from config.identifiers import Randomness, new_id, new_secret
from config.outgoing import Outgoing
from oidc.clients import sectors
from oidc.clients.client import CERTIFICATE_METHODS, HMAC_METHODS, SECRET_METHODS, Client
from oidc.clients.federated import Vouched, Voucher
from oidc.clients.metadata import check_secret, described, is_client_id, parse
from oidc.errors import InvalidClientMetadata
from oidc.keys.kept import KEEP_SECONDS
from oidc.keys.secret import SecretKeys
from oidc.profiles import PROFILES
from oidc.store import clients as store

_SECRET_PURPOSE = "client-secret"  # noqa: S105 -- a purpose
_MOST_KEPT = 10_000
FEDERATION = "federation"
"""Who changed a client that came by a chain of trust, in the ledger."""

EndAuthorizations = Callable[[Transaction, str], int]
"""What ends every authorization of a client that is removed."""


@dataclass(frozen=True, slots=True)
class _Held:
    client: Client
    row: store.ClientRow = field(repr=False)
    loaded_at: float


class Clients:
    """Reads and keeps clients."""

    def __init__(
        self,
        *,
        database: Database,
        secret_keys: SecretKeys,
        ledger: Ledger,
        outgoing: Outgoing,
        end_authorizations: EndAuthorizations,
        clock: Clock,
        randomness: Randomness,
        takes_certificates: bool = False,
        hybrid_and_implicit: bool = False,
        federation: Voucher | None = None,
    ) -> None:
        """outgoing: for the addresses in metadata. takes_certificates: whether a proxy passes those of clients on.

        hybrid_and_implicit: whether clients may be registered for those response types. federation: who vouches for
        clients that nobody registered here; None: nobody.

        end_authorizations: called in the transaction that removes a client (`oidc.store.authorizations`).
        """
        self._database = database
        self._secret_keys = secret_keys
        self._ledger = ledger
        self._outgoing = outgoing
        self._end_authorizations = end_authorizations
        self._clock = clock
        self._randomness = randomness
        self._takes_certificates = takes_certificates
        self._hybrid_and_implicit = hybrid_and_implicit
        self._federation = federation
        self._held: dict[str, _Held] = {}

    def get(self, client_id: str, tx: Transaction | None = None) -> Client | None:
        """A client that stands; at most five seconds old. tx: to read with when a transaction is open already."""
        held = self._hold(client_id, tx)
        return held.client if held else None

    def arriving(self, client_id: str) -> Client | None:
        """The same for who knocks at a door: a client that isn't known may come by a federation. No open transaction.

        Whom the operator registered or removed under such an id, no federation changes.
        Raises `TrustChainRefused`, `InvalidClientMetadata` or `InvalidRedirectUri` when it doesn't vouch for it.
        """
        client = self.get(client_id)
        if client is not None or self._federation is None or not client_id.startswith("https://"):
            return client
        if not is_client_id(client_id):
            return None
        with self._database.reading() as tx:
            before = store.known(tx, client_id)
        if before is not None and (before.chain_until is None or before.removed_at is not None):
            return None
        return self._vouched_for(self._federation.vouch(client_id), before)

    def all(self) -> Sequence[Client]:
        """Every client that stands, by id."""
        with self._database.reading() as tx:
            rows = store.standing(tx)
        return [_client(row) for row in rows if row.stands(self._clock.now())]

    def add(
        self,
        metadata: Mapping[str, Any],
        *,
        actor: str,
        default_alg: str = "RS256",
        registration_token_hash: bytes | None = None,
    ) -> tuple[Client, str | None]:
        """Import a client from RFC 7591 metadata, or change the one of that id.

        A given client_id and client_secret are kept; what is missing is made. actor: the operating-system user or
        account, for the ledger. default_alg: of ID tokens when the metadata name none: RS256 for what is imported
        (OpenID Connect Registration §2), ES256 for what our own page and command make.
        registration_token_hash: of a client that registered itself (RFC 7592); else what was there stays.
        Returns the client, and its secret when a new one was made: shown once, kept only as MAC (or sealed for
        client_secret_jwt). An existing secret stays when the metadata bring none and the method is the same kind;
        a client that was removed and comes back has neither secret nor registration token of before.
        Raises `InvalidClientMetadata` or `InvalidRedirectUri`; nothing is kept then.
        """
        client = parse(metadata, client_id=new_id(self._randomness), default_alg=default_alg)
        self._check_offered(client)
        given = check_secret(metadata, client)
        self._check_addresses(metadata, client)
        with self._database.reading() as tx:
            before = store.standing_one(tx, client.client_id)
        return self._keep(client, given, before, registration_token_hash, actor=actor)

    def change(self, client_id: str, members: Mapping[str, Any], *, actor: str) -> tuple[Client, str | None]:
        """Change members of a client (RFC 7591 names, and ours) and keep the rest; its secret as `add` says.

        Its sector stays, or people would be strangers to it; so does what a profile demands, unless that changes.
        Raises as `add` does, and `InvalidClientMetadata` when there is no such client, or when a sector that was
        proven for some hosts (OpenID Connect Core §8.1) would cover another.
        """
        client = self.get(client_id)
        if client is None:
            raise InvalidClientMetadata("client_id: there is no such client")
        metadata = {**_metadata(client, members.get("profile", client.profile)), **members, "client_id": client_id}
        changed = replace(parse(metadata, client_id=client_id, default_alg="ES256"), sector=client.sector)
        if changed.subject_type != client.subject_type:
            raise InvalidClientMetadata("subject_type: can't be changed")
        is_own = client.sector == f"client:{client_id}" or client.subject_type == "public"
        if not is_own and not _hosts(changed) <= _hosts(client):
            raise InvalidClientMetadata("redirect_uris: import it again, with its sector_identifier_uri")
        self._check_offered(changed)
        self._check_addresses({}, changed)
        with self._database.reading() as tx:
            before = store.known(tx, client_id)
        return self._keep(changed, check_secret(members, changed), before, None, actor=actor)

    def renew_secret(self, client_id: str, *, actor: str) -> str | None:
        """Give a client a new secret, shown once; the old one ends at once. None for one that has none."""
        client = self.get(client_id)
        if client is None or not client.has_secret:
            return None
        secret = new_secret(self._randomness)
        self.change(client_id, {"client_secret": secret}, actor=actor)
        return secret

    def _keep(
        self,
        client: Client,
        given: str | None,
        before: store.ClientRow | None,
        registration_token_hash: bytes | None,
        *,
        actor: str,
    ) -> tuple[Client, str | None]:
        row, made = self._row(client, given, before, registration_token_hash)
        with self._database.transaction() as tx:
            if not store.replace(tx, row):
                store.add(tx, row)
            change = "imported" if before is None else "changed"
            self._ledger.append(
                tx,
                ClientChanged(actor_kind=ActorKind.OPERATOR, actor=actor, client=client.client_id, change=change),
            )
        self._held.pop(client.client_id, None)
        return client, made

    def remove(self, client_id: str, *, actor: str) -> bool:
        """Remove a client and end its authorizations; False when there is none of that id."""
        with self._database.transaction() as tx:
            removed = store.remove(tx, client_id, self._clock.now()) == 1
            if removed:
                self._end_authorizations(tx, client_id)
                self._ledger.append(
                    tx, ClientChanged(actor_kind=ActorKind.OPERATOR, actor=actor, client=client_id, change="removed")
                )
        self._held.pop(client_id, None)
        return removed

    def registration_token_hash(self, client_id: str) -> bytes | None:
        """Of a client that registered itself and stands (RFC 7592 §3)."""
        held = self._hold(client_id, None)
        return held.row.registration_token_hash if held else None

    def check_secret(self, client: Client, unverified_secret: str) -> bool:
        """Whether that is the client's secret; in constant time."""
        held = self._hold(client.client_id, None)
        if held is None or held.row.secret_mac is None:
            return False
        mac = self._secret_keys.mac(_SECRET_PURPOSE, unverified_secret.encode(), key=held.row.secret_key)
        return hmac.compare_digest(mac, held.row.secret_mac)

    def secret_of(self, client: Client) -> bytes | None:
        """The secret of a client that signs with it (client_secret_jwt)."""
        held = self._hold(client.client_id, None)
        if held is None or held.row.secret_sealed is None or held.row.secret_key is None:
            return None
        return self._secret_keys.unseal(
            _SECRET_PURPOSE, held.row.secret_sealed, client.client_id, key=held.row.secret_key
        )

    def _vouched_for(self, vouched: Vouched, before: store.ClientRow | None) -> Client:
        client = replace(parse(vouched.metadata, client_id="", default_alg="RS256"), federated=True)
        self._check_offered(client)
        self._check_addresses(vouched.metadata, client)
        row = replace(self._row(client, None, None, None)[0], chain_until=vouched.until)
        with self._database.transaction() as tx:
            if not store.replace(tx, row) and not store.add_unless_there(tx, row):
                return client  # another node was first
            if before is None or before.metadata != row.metadata:
                change = "imported" if before is None else "changed"
                self._ledger.append(
                    tx,
                    ClientChanged(actor_kind=ActorKind.JOB, actor=FEDERATION, client=client.client_id, change=change),
                )
        self._held.pop(client.client_id, None)
        return client

    def _check_offered(self, client: Client) -> None:
        if client.gets_tokens_by_browser and not self._hybrid_and_implicit:
            raise InvalidClientMetadata("response_types, grant_types: code alone is offered here")
        if self._takes_certificates:
            return
        if client.token_endpoint_auth_method in CERTIFICATE_METHODS:
            raise InvalidClientMetadata("token_endpoint_auth_method: no proxy passes certificates on here")
        if client.tls_client_certificate_bound_access_tokens:
            name = "tls_client_certificate_bound_access_tokens"
            raise InvalidClientMetadata(f"{name}: no proxy passes certificates on here")

    def _check_addresses(self, metadata: Mapping[str, Any], client: Client) -> None:
        if client.jwks_uri:
            self._check_address("jwks_uri", client.jwks_uri)
        if client.backchannel_client_notification_endpoint:
            name = "backchannel_client_notification_endpoint"
            self._check_address(name, client.backchannel_client_notification_endpoint)
        if client.backchannel_logout_uri:
            self._check_address("backchannel_logout_uri", client.backchannel_logout_uri)
        for uri in client.request_uris:
            self._check_address("request_uris", uri.partition("#")[0])
        if client.subject_type == "pairwise" and metadata.get("sector_identifier_uri"):
            sectors.check(self._outgoing, metadata["sector_identifier_uri"], client.redirect_uris)

    def _check_address(self, name: str, uri: str) -> None:
        """Refuse an address that would be refused when it is called."""
        try:
            self._outgoing.check(uri)
        except OutgoingRefused as error:
            raise InvalidClientMetadata(f"{name}: an https address", detail=str(error)) from error

    def _row(
        self,
        client: Client,
        given: str | None,
        before: store.ClientRow | None,
        registration_token_hash: bytes | None,
    ) -> tuple[store.ClientRow, str | None]:
        kept = before is not None and given is None
        mac, sealed = (before.secret_mac, before.secret_sealed) if before is not None and kept else (None, None)
        key = before.secret_key if before is not None and kept else None
        method, made = client.token_endpoint_auth_method, None
        if method in SECRET_METHODS:
            sealed = None
            if mac is None:
                made = None if given else new_secret(self._randomness)
                key = self._secret_keys.current
                mac = self._secret_keys.mac(_SECRET_PURPOSE, (given or made or "").encode(), key=key)
        elif method in HMAC_METHODS:
            mac = None
            if sealed is None:
                made = None if given else new_secret(self._randomness)
                key = self._secret_keys.current
                sealed = self._secret_keys.seal(_SECRET_PURPOSE, (given or made or "").encode(), client.client_id)
        else:
            mac = sealed = key = None
        row = store.ClientRow(
            client_id=client.client_id,
            metadata=_dump(client),
            secret_key=key,
            secret_mac=mac,
            secret_sealed=sealed,
            registration_token_hash=registration_token_hash or (before.registration_token_hash if before else None),
            made_at=self._clock.now(),
            removed_at=None,
        )
        return row, made

    def _hold(self, client_id: str, tx: Transaction | None) -> _Held | None:
        if not is_client_id(client_id):  # whatever was sent: no row has it, and PostgreSQL can't be asked for a NUL
            return None
        now = self._clock.monotonic()
        held = self._held.get(client_id)
        if held is not None and (now - held.loaded_at < KEEP_SECONDS or (tx is None and in_transaction())):
            return held
        if tx is not None:
            row = store.known(tx, client_id)
        else:
            with self._database.looking() as own:
                row = store.known(own, client_id)
        if row is None or not row.stands(self._clock.now()):
            self._held.pop(client_id, None)
            return None
        if len(self._held) >= _MOST_KEPT:
            self._held.clear()
        held = self._held[client_id] = _Held(_client(row), row, now)
        return held


def _metadata(client: Client, profile: str) -> dict[str, Any]:
    """A client as metadata that make the same client again; of another profile without what its own demanded."""
    told: dict[str, Any] = json.loads(json.dumps(described(client)))
    told |= {"profile": profile, "contract": client.contract}
    if profile == client.profile:
        return told | {"require_pkce": client.require_pkce}
    for name in ("require_pushed_authorization_requests", "dpop_bound_access_tokens"):
        told.pop(name, None)
    taken = PROFILES[profile].signing_algorithms if profile in PROFILES else ()
    return {
        name: v for name, v in told.items() if not name.endswith(("signed_response_alg", "_signing_alg")) or v in taken
    }


def _hosts(client: Client) -> frozenset[str]:
    return frozenset(urlsplit(uri).hostname or uri for uri in client.redirect_uris)


def _dump(client: Client) -> str:
    values = asdict(client)
    return json.dumps({name: sorted(v) if isinstance(v, frozenset) else v for name, v in values.items()})


_SETS = frozenset({"grant_types", "response_types", "scopes"})
_TUPLES = frozenset({"redirect_uris", "post_logout_redirect_uris", "request_uris", "contacts"})


def _client(row: store.ClientRow) -> Client:
    values = json.loads(row.metadata)
    known = {f.name for f in fields(Client)}
    made = {name: value for name, value in values.items() if name in known}
    made |= {name: frozenset(made[name]) for name in _SETS & made.keys()}
    made |= {name: tuple(made[name]) for name in _TUPLES & made.keys()}
    return Client(**made)
