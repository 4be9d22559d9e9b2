"""Every setting, typed and documented: the environment over a TOML file over the defaults.

Environment names are `CITIZEN_ACCOUNT_<FIELD>`, a section's field `CITIZEN_ACCOUNT_<SECTION>__<FIELD>`; those of the
object store also `CITIZEN_ACCOUNT_S3_<FIELD>`. `CITIZEN_ACCOUNT_CONFIG` names the TOML file. A name that no setting has
is an error in both: a misspelt setting would otherwise be a default that nobody chose.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FilePath, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from config.errors import ConfigurationError

PREFIX = "CITIZEN_ACCOUNT_"
SHORT_S3 = f"{PREFIX}S3_"
"""CITIZEN_ACCOUNT_S3_REGION is easier to write than CITIZEN_ACCOUNT_S3__REGION."""
LEAST_SECRET_CHARS = 32
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PLACEHOLDERS = {
    "admin", "any", "change-me", "change_me", "changeit", "changeme", "default", "dummy", "example", "minioadmin",
    "none", "pass", "password", "placeholder", "postgres", "replace-me", "replaceme", "root", "s3cr3t", "secret",
    "test", "todo", "weedadmin", "x", "xxx", "xxxx",
}  # fmt: skip
"""What stands in examples and default installations instead of a secret."""


HEADER = r"^([A-Za-z][A-Za-z0-9-]*)?$"
"""A header's name, or empty."""


class Section(BaseModel):
    """A part of the settings; frozen, and a name that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class KeyRings(Section):
    """Where the root keys live, under which every other key is wrapped."""

    kind: Literal["file", "pkcs11"] = "file"
    """`file`: local files in `key_ring_dir`; `pkcs11`: a token of an HSM, which no root key ever leaves."""
    library: str = ""
    """Path of the HSM's PKCS#11 library, for `pkcs11`."""
    token: str = ""
    """Label of the token in it, for `pkcs11`."""
    pin: SecretStr = SecretStr("")
    """The PIN of the token's user, for `pkcs11`."""
    pin_file: FilePath | None = None
    """A file that holds the PIN instead, and that only its owner reads."""


class S3(Section):
    """Where objects are kept: any S3."""

    endpoint_url: str = ""
    """The address of the S3 service; empty for AWS, and under `run` for the embedded store."""
    region: str = "us-east-1"
    """The region that requests are signed for."""
    access_key_id: str = ""
    """The key id; empty to let the SDK find credentials."""
    secret_access_key: SecretStr = SecretStr("")
    """The secret of the key."""
    papers_bucket: str = "papers"
    """Bucket of the papers: without versions and without lock, they would fight erasure."""
    ledger_bucket: str = "ledger"
    """Bucket of the live tiles and the checkpoint."""
    ledger_archive_bucket: str = "ledger-archive"
    """Bucket of full tiles, bundles and hourly checkpoints, made with object lock."""
    ledger_archive_days: Annotated[int, Field(ge=0)] = 1096
    """How long the lock (mode COMPLIANCE) keeps what is written there, against everybody; 0: the bucket's own rule."""


class Mail(Section):
    """How messages leave the house."""

    smtp_url: SecretStr = SecretStr("")
    """`smtp://user:password@host:25`, `smtps://…` or `smtp+starttls://…`; empty sends nothing."""
    sender: str = "account@city.example"
    """The address in From."""
    ca_file: str = ""
    """Whom to believe about the mail server's name under TLS, PEM; empty for those that the system believes."""
    local_mailbox: bool = False
    """Keep mails on a page of this machine instead of sending them; loopback only, set by `run`."""


class Theme(Section):
    """The city's look."""

    city_name: str = "City of Example"
    """The city's name in English."""
    city_name_fr: str = "Ville d'Exemple"
    """The city's name in French."""
    logo: str = ""
    """Path of an SVG or PNG file, shown in the header beside the name."""
    primary_colour: str = "#1b3a5c"
    """Header and buttons; its contrast with white is checked at start."""
    accent_colour: str = "#b35900"
    """The quiet second colour; its contrast with white is checked at start."""
    help_phone: str = "3975"
    """The number at the foot of every page."""
    help_place: str = "at the counter of your town hall"
    """Where people help, in English."""
    help_place_fr: str = "au guichet de votre mairie"
    """Where people help, in French."""

    def city(self, language: str) -> str:
        """The city's name in a language of the pages."""
        return self.city_name_fr if language == "fr" else self.city_name


class Limits(Section):
    """What is refused as too much."""

    max_document_bytes: int = 50_000_000
    """The largest paper, in bytes."""
    max_documents: int = 1_000
    """Papers an owner may keep."""


class SignIn(Section):
    """How long a sign-in lasts."""

    idle: timedelta = timedelta(hours=2)
    """Without a request for so long, it ends."""
    lifetime: timedelta = timedelta(hours=12)
    """It ends after so long in any case."""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        message = "an https address without a path (http only on loopback)"
        raise ValueError(message)
    return url.rstrip("/")


def _origin_or_empty(url: str) -> str:
    return _origin(url) if url else ""


def _entity(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        message = "an https address without query and fragment"
        raise ValueError(message)
    return url


class TrustAnchor(Section):
    """Who stands at the top of a federation."""

    entity_id: Annotated[str, AfterValidator(_entity)]
    """Its entity identifier, an https address."""
    jwks: FilePath
    """A file with its public keys, a JWK Set, which you got by a way that you trust."""


class Federation(Section):
    """OpenID Federation 1.0: services that a chain of trust vouches for, instead of being registered here."""

    trust_anchors: tuple[TrustAnchor, ...] = ()
    """Whose federations' services may sign people in; none turns it off. They can't ask for papers."""
    authority_hints: tuple[Annotated[str, AfterValidator(_entity)], ...] = ()
    """Our own superiors, as we name them in our entity configuration; by default the trust anchors."""
    profile: Literal["baseline", "fapi2", "fapi2-message-signing"] = "baseline"
    """The profile of services that come so."""


class Provider(Section):
    """The OpenID provider."""

    access_token_lifetime: Annotated[timedelta, Field(le=timedelta(minutes=5))] = timedelta(minutes=5)
    """Of access tokens; five minutes at most."""
    code_lifetime: Annotated[timedelta, Field(le=timedelta(seconds=60))] = timedelta(seconds=60)
    """Of authorization codes; sixty seconds at most."""
    interaction_lifetime: timedelta = timedelta(hours=1)
    """How long a citizen may take between arriving and approving."""
    pushed_request_lifetime: timedelta = timedelta(seconds=60)
    """Of a pushed authorization request until it is first opened (RFC 9126 §2.2)."""
    jwks_max_age: timedelta = timedelta(minutes=5)
    """How long relying parties may keep our keys; a new key signs after that."""
    refresh_retry: timedelta = timedelta(seconds=10)
    """A refresh token presented again within this time gets the same successor."""
    refusals_kept: timedelta = timedelta(days=14)
    """How long the diagnosis of a service tells of a refusal that wasn't seen again."""
    registration: Literal["off", "token", "open"] = "off"
    """Whether clients may register themselves (RFC 7591): not, with the initial access token, or anybody."""
    initial_access_token: SecretStr = SecretStr("")
    """What a client that registers itself must show, at least 32 characters; for `registration = "token"`."""
    registration_profile: Literal["openid-basic", "baseline", "fapi2", "fapi2-message-signing"] = "baseline"
    """The profile of clients that register themselves; they get no contract, so no papers."""
    hybrid_and_implicit: bool = False
    """Whether old clients (profile openid-basic) may be registered for response types that hand tokens to the browser
    (OpenID Connect Core §3.2, §3.3). RFC 9700 §2.1.2 advises against them: an address with a token in it leaks."""
    session_management: bool = False
    """Whether services may watch by a hidden frame if the sign-in at the browser changed (OpenID Connect Session
    Management 1.0). It needs a cookie that scripts of ours read, and browsers that give cookies to frames."""
    client_certificate_header: Annotated[str, Field(pattern=HEADER)] = ""
    """The header in which the proxy passes a client's TLS certificate (RFC 8705); empty: none is taken, as without
    trusted_proxies. The proxy must replace what others send under that name."""
    client_certificate_format: Literal["nginx", "rfc9440"] = "nginx"
    """How it is written: nginx's `$ssl_client_escaped_cert`, or the byte sequence of RFC 9440 (`Client-Cert`)."""
    client_certificate_verified_header: Annotated[str, Field(pattern=HEADER)] = ""
    """The header in which the proxy says SUCCESS of a certificate whose authority it trusts (nginx's
    `$ssl_client_verify`); empty if it lets no other pass."""
    mutual_tls_url: Annotated[str, AfterValidator(_origin_or_empty)] = ""
    """The address under which the proxy asks clients for certificates, if that isn't `public_url`."""


class Ledger(Section):
    """The access ledger."""

    origin: str = ""
    """The log's name in its checkpoints; by default the public host and `/ledger`."""
    exchange_term: timedelta = timedelta(days=1096)
    """How long exchanges stay readable: 36 months (CRPA R114-9-7)."""


class Outgoing(Section):
    """Requests that the house itself makes."""

    allow_hosts: tuple[str, ...] = ()
    """Hosts that may be on loopback or private addresses: a city's own test hosts."""
    ca_file: str = ""
    """The certificate authority of those hosts, PEM."""
    timeout: timedelta = timedelta(seconds=5)
    """For the whole request."""


class Bodies(Section):
    """Bodies of requests that are on their way to one process."""

    grace: timedelta = timedelta(seconds=10)
    """Until one must keep the pace."""
    at_once: Annotated[int, Field(ge=1, le=56)] = 48
    """Of all addresses; fewer than there are threads (`citizen_account/cli/web.py`)."""
    from_one_address: Annotated[int, Field(ge=1)] = 16
    """A town hall's citizens and facilitators share one."""


class Logs(Section):
    """What this installation's programs write down about themselves."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Records below it are not written."""
    as_json: bool = True
    """One JSON object a line; otherwise text for people."""
    strict: bool = False
    """Fail where a record holds a secret or something personal instead of dropping it; for tests."""
    forbidden_words: tuple[str, ...] = ()
    """What no record may hold on top of that, in any case: the names of a test's people."""


class Catalogues(Section):
    """The city's own document types and purposes, in TOML like those that come with the house, and added to them."""

    document_types: FilePath | None = None
    """A file of document types; a table of the same name replaces the usual one."""
    purposes: FilePath | None = None
    """A file of purposes; a table of the same name replaces the usual one."""
    health_host: str = ""
    """The certified host of health data (CSP L1111-8), by name; empty leaves health papers off."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = "a name of the IANA time zones, like Europe/Paris"
        raise ValueError(message) from error
    return name


class Settings(BaseSettings):
    """The settings of one installation; frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    public_url: Annotated[str, AfterValidator(_origin)] = "http://localhost:8000"
    """The address people and services use; the issuer. https, or http on loopback."""
    data_dir: Path = Path("data")
    """Folder of what this machine keeps: key rings, the embedded database and store, logs."""
    database_url: SecretStr = SecretStr("")
    """SQLAlchemy URL; empty for an SQLite file in `data_dir`."""
    key_ring_dir: Path | None = None
    """Folder of the local key rings, and of every ring's records; by default `keys` in `data_dir`."""
    key_ring: KeyRings = KeyRings()
    """The root keys."""
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("fr", "en")
    """Languages of the pages, the first is the default."""
    time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Paris"
    """In which dates and times are shown; stored and signed is UTC."""
    backup_window_days: Annotated[int, Field(ge=0)] = 30
    """A backup lives no longer than this; what was erased is then unreadable there too."""
    trusted_proxies: Annotated[int, Field(ge=0)] = 0
    """How many proxies in front of us set X-Forwarded-For, -Proto and -Host."""
    s3: S3 = S3()
    """The object store."""
    mail: Mail = Mail()
    """Messages."""
    theme: Theme = Theme()
    """The look."""
    limits: Limits = Limits()
    """What is too much."""
    sign_in: SignIn = SignIn()
    """Sign-ins."""
    provider: Provider = Provider()
    """The OpenID provider."""
    federation: Federation = Federation()
    """Services of a federation."""
    ledger: Ledger = Ledger()
    """The access ledger."""
    outgoing: Outgoing = Outgoing()
    """Our own requests."""
    bodies: Bodies = Bodies()
    """What others send us."""
    catalogues: Catalogues = Catalogues()
    """Document types and purposes."""
    logs: Logs = Logs()
    """Records of what happens."""

    @property
    def is_https(self) -> bool:
        """Whether people reach us by https: then cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https:")

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir.resolve() / 'account.db'}"

    @property
    def keys(self) -> Path:
        """The folder of the local key rings in force, and of what every ring writes down."""
        return self.key_ring_dir or self.data_dir / "keys"

    @property
    def takes_client_certificates(self) -> bool:
        """Whether a client's certificate reaches us: in a header, which is believed from a trusted proxy only."""
        return bool(self.provider.client_certificate_header) and self.trusted_proxies > 0

    @property
    def vault_url(self) -> str:
        """The protected resource that papers are fetched from, the `aud` of their tokens."""
        return f"{self.public_url}/vault"

    @property
    def ledger_origin(self) -> str:
        """The origin line of our checkpoints (C2SP tlog-checkpoint)."""
        return self.ledger.origin or f"{urlsplit(self.public_url).netloc}/ledger"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of precedence: arguments, environment, TOML file."""
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings, _ShortNames(settings_cls)]
        path = os.environ.get(f"{PREFIX}CONFIG")
        if path:
            sources.append(TomlConfigSettingsSource(settings_cls, path))
        return tuple(sources)


class _ShortNames(PydanticBaseSettingsSource):
    """`CITIZEN_ACCOUNT_S3_<FIELD>` for `CITIZEN_ACCOUNT_S3__<FIELD>`."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """See pydantic-settings; the whole section is read by `__call__`."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The fields of the section that the environment names so."""
        return {"s3": {name.removeprefix(SHORT_S3).lower(): os.environ[name] for name in os.environ if _is_short(name)}}


def _is_short(name: str) -> bool:
    return name.startswith(SHORT_S3) and not name.startswith(f"{SHORT_S3}_")


def load_settings(**given: Any) -> Settings:
    """The settings of the environment and the TOML file; `given` overrides (tests).

    Raises `ConfigurationError` with one sentence for each setting that is wrong: its name, and what would be right.
    """
    path = os.environ.get(f"{PREFIX}CONFIG")
    if path and not Path(path).is_file():
        message = f"{PREFIX}CONFIG names {path}, which is no file."
        raise ConfigurationError(message)
    _check_names()
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_sentences(error))) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{path} is not TOML: {error}."
        raise ConfigurationError(message) from None
    except SettingsError as error:
        message = f'{error}: lists and sections are written as JSON in the environment, like ["fr", "en"].'
        raise ConfigurationError(message) from None
    problem = next(_problems(settings), None)
    if problem:
        raise ConfigurationError(problem)
    return settings


def _sentences(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in one["loc"])
        said = one["msg"].removeprefix("Value error, ")
        variable = PREFIX + "__".join(str(part) for part in one["loc"]).upper()
        if one["type"] == "extra_forbidden":
            yield f"There is no setting {name} ({variable}): see citizen-account config show for those that there are."
        else:
            yield f"The setting {name} ({variable}) is wrong: {said[:1].lower()}{said[1:]}."


def _check_names() -> None:
    """Refuse variables that name no setting; pydantic-settings passes them over in silence."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}CONFIG"}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and not _is_short(name) and name.partition("__")[0] not in known:
            message = f"{name} names no setting: see citizen-account config show for those that there are."
            raise ConfigurationError(message)


def _problems(settings: Settings) -> Iterator[str]:
    """What is wrong between settings that are each right: a sentence each."""
    on_loopback = urlsplit(settings.public_url).hostname in LOOPBACK
    if settings.mail.local_mailbox and (not on_loopback or settings.trusted_proxies):
        yield (
            "mail.local_mailbox shows every mail to whoever asks: only with a public_url on loopback and without "
            "trusted_proxies. Set mail.smtp_url instead."
        )
    rings = settings.key_ring
    if rings.kind == "pkcs11" and not (rings.library and rings.token):
        yield (
            "key_ring.kind is `pkcs11`: key_ring.library then needs the path of the HSM's library, and key_ring.token "
            "the label of the token."
        )
    if rings.kind == "pkcs11" and bool(rings.pin.get_secret_value()) == bool(rings.pin_file):
        yield "key_ring.kind is `pkcs11`: set either key_ring.pin or key_ring.pin_file."
    s3 = settings.s3
    if bool(s3.access_key_id) != bool(s3.secret_access_key):
        one, other = ("access_key_id", "secret_access_key")[:: 1 if s3.access_key_id else -1]
        yield f"s3.{one} is set and s3.{other} is missing. Set both, or neither to let the SDK find credentials."
    initial = settings.provider.initial_access_token.get_secret_value()
    if settings.provider.registration == "token" and len(initial) < LEAST_SECRET_CHARS:
        yield (
            "provider.registration is `token`: provider.initial_access_token then needs at least "
            f"{LEAST_SECRET_CHARS} characters. Make one by chance."
        )
    for name, secret in _secrets(settings):
        if secret and (secret.lower() in PLACEHOLDERS or secret.startswith(("<", "${", "…")) or len(set(secret)) == 1):
            yield f"{name} is a placeholder that everybody knows. Make a secret of your own."


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "key_ring.pin", settings.key_ring.pin.get_secret_value()
    yield "s3.secret_access_key", settings.s3.secret_access_key.get_secret_value()
    yield "provider.initial_access_token", settings.provider.initial_access_token.get_secret_value()
    for name, url in (
        ("mail.smtp_url's password", settings.mail.smtp_url.get_secret_value()),
        ("database_url's password", settings.database_url.get_secret_value()),
    ):
        yield name, unquote(urlsplit(url).password or "")
