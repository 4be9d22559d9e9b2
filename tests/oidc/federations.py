"""A small federation on loopback, by https: an anchor, an intermediate, and a leaf at a fresh address for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from joserfc import jwk

from config.outgoing import Outgoing
from config.settings import Outgoing as OutgoingSettings
from tests.certificates import Authority
from tests.clocks import FixedClock
from tests.oidc.provider_house import ClientKey
from tests.other_server import Other, serving

REDIRECT = "https://leaf.example/callback"
HOSTS = ("anchor.example", "middle.example", "leaf.example")


@dataclass
class Part:
    """A statement before it is signed; a header or claim of None is left out."""

    signer: ClientKey
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256", "kid": "k1", "typ": "entity-statement+jwt"})
    text: str | None = None
    """Instead of what would be signed."""

    def signed(self) -> str:
        return self.signer.sign(self.header, self.claims) if self.text is None else self.text


Parts = dict[str, Part]
"""leaf, about_leaf, middle, about_middle, anchor."""
Change = Callable[[Parts], Any]


class Federation:
    """Its servers and keys."""

    def __init__(self, others: Mapping[str, Other], authority: Path, clock: FixedClock) -> None:
        self.clock = clock
        self.others = others
        self.keys = {name: ClientKey(clock) for name in ("anchor", "middle", "leaf", "client", "stranger")}
        self.anchor, self.middle = (f"https://{host}:{others[host].port}" for host in HOSTS[:2])
        self.settings = OutgoingSettings(allow_hosts=HOSTS, ca_file=str(authority))
        self.outgoing = Outgoing(self.settings, resolve=lambda _host, port: [("127.0.0.1", port)])
        self._count = 0

    @property
    def anchors(self) -> dict[str, list[jwk.Key]]:
        return {self.anchor: [self.keys["anchor"].private]}

    def leaf(self, change: Change = lambda _: None, **metadata: Any) -> str:
        """Publish a valid chain with one thing changed; the leaf's entity id. metadata: the relying party's."""
        self._count += 1
        leaf = f"https://leaf.example:{self.others['leaf.example'].port}/{self._count}"
        self.publish(leaf, change, **metadata)
        return leaf

    def publish(self, leaf: str, change: Change = lambda _: None, **metadata: Any) -> None:
        parts = self._parts(leaf, metadata)
        change(parts)
        for part, host, path in (
            ("leaf", "leaf.example", f"/{leaf.rpartition('/')[2]}/.well-known/openid-federation"),
            ("about_leaf", "middle.example", f"/fetch?sub={quote(leaf, safe='')}"),
            ("middle", "middle.example", "/.well-known/openid-federation"),
            ("about_middle", "anchor.example", f"/fetch?of=all&sub={quote(self.middle, safe='')}"),
            ("anchor", "anchor.example", "/.well-known/openid-federation"),
        ):
            self.others[host].bodies[path] = parts[part].signed().encode()

    def tower(self, height: int) -> str:
        """Publish a valid chain with so many intermediates above each other, all of the middle's keys."""
        floors = [f"{self.middle}/floor{number}" for number in range(height)]
        leaf = self.leaf(lambda parts: parts["leaf"].claims.update(authority_hints=[*floors, self.anchor][:1]))
        for below, floor, above in zip([leaf, *floors], floors, [*floors[1:], self.anchor], strict=False):
            endpoint = {"federation_entity": {"federation_fetch_endpoint": f"{floor}/fetch"}}
            said = self._part("middle", floor, floor, authority_hints=[above], metadata=endpoint)
            about = self._part("middle", floor, below, "leaf" if below == leaf else "middle")
            bodies, path = self.others["middle.example"].bodies, floor.removeprefix(self.middle)
            bodies[f"{path}/.well-known/openid-federation"] = said.signed().encode()
            bodies[f"{path}/fetch?sub={quote(below, safe='')}"] = about.signed().encode()
        below = [leaf, *floors][-1]
        top = self._part("anchor", self.anchor, below, "middle" if floors else "leaf")
        self.others["anchor.example"].bodies[f"/fetch?of=all&sub={quote(below, safe='')}"] = top.signed().encode()
        return leaf

    def asked(self) -> int:
        return sum(len(other.asked) for other in self.others.values())

    def _parts(self, leaf: str, metadata: Mapping[str, Any]) -> Parts:
        party = {
            "client_registration_types": ["automatic"],
            "redirect_uris": [REDIRECT],
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "refresh_token", "implicit"],
            "scope": "openid profile",
            "client_name": "Leaf",
            "jwks": {"keys": [self.keys["client"].public]},
            **metadata,
        }
        fetch = {"federation_entity": {"federation_fetch_endpoint": f"{self.middle}/fetch"}}
        top = {"federation_entity": {"federation_fetch_endpoint": f"{self.anchor}/fetch?of=all"}}
        told = {"openid_relying_party": party}
        return {
            "leaf": self._part("leaf", leaf, leaf, authority_hints=[self.middle], metadata=told),
            "about_leaf": self._part("middle", self.middle, leaf, "leaf"),
            "middle": self._part("middle", self.middle, self.middle, authority_hints=[self.anchor], metadata=fetch),
            "about_middle": self._part("anchor", self.anchor, self.middle, "middle"),
            "anchor": self._part("anchor", self.anchor, self.anchor, metadata=top),
        }

    def _part(self, signer: str, issuer: str, subject: str, about: str = "", **more: Any) -> Part:
        now = int(self.clock.now().timestamp())
        keys = {"keys": [self.keys[about or signer].public]}
        claims = {"iss": issuer, "sub": subject, "iat": now, "exp": now + 3600, "jwks": keys, **more}
        return Part(self.keys[signer], claims)


@contextmanager
def federation(folder: Path, clock: FixedClock) -> Iterator[Federation]:
    authority = Authority(folder)
    with ExitStack() as stack:
        others = {host: stack.enter_context(serving(authority.issue(host))) for host in HOSTS}
        yield Federation(others, authority.file, clock)
