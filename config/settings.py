"""Every setting, typed and documented: the environment over a TOML file over the defaults.

Environment names are `CITIZEN_ACCOUNT_<FIELD>`, a section's field `CITIZEN_ACCOUNT_<SECTION>__<FIELD>`; those of the
object store also `CITIZEN_ACCOUNT_S3_<FIELD>`. `CITIZEN_ACCOUNT_CONFIG` names the TOML file.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from config.errors import ConfigurationError

PREFIX = "CITIZEN_ACCOUNT_"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Section(BaseModel):
    """A part of the settings; frozen, and a name that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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
    """Bucket of full tiles, bundles and hourly checkpoints, under a COMPLIANCE lock."""


class Mail(Section):
    """How messages leave the house."""

    smtp_url: SecretStr = SecretStr("")
    """`smtp://user:password@host:25`, `smtps://…` or `smtp+starttls://…`; empty sends nothing."""
    sender: str = "account@city.example"
    """The address in From."""
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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        message = "an https address without a path (http only on loopback)"
        raise ValueError(message)
    return url.rstrip("/")


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
    database_url: str = ""
    """SQLAlchemy URL; empty for an SQLite file in `data_dir`."""
    key_ring_dir: Path | None = None
    """Folder of the local key rings; by default `keys` in `data_dir`."""
    languages: tuple[str, ...] = ("fr", "en")
    """Languages of the pages, the first is the default."""
    time_zone: str = "Europe/Paris"
    """In which dates and times are shown; stored and signed is UTC."""
    backup_window_days: int = 30
    """A backup lives no longer than this; what was erased is then unreadable there too."""
    trusted_proxies: int = 0
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
    ledger: Ledger = Ledger()
    """The access ledger."""
    outgoing: Outgoing = Outgoing()
    """Our own requests."""

    @property
    def is_https(self) -> bool:
        """Whether people reach us by https: then cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https:")

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'account.db'}"

    @property
    def keys(self) -> Path:
        """The folder of the local key rings in force."""
        return self.key_ring_dir or self.data_dir / "keys"

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
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
        path = os.environ.get(f"{PREFIX}CONFIG")
        if path:
            sources.append(TomlConfigSettingsSource(settings_cls, path))
        return tuple(sources)


def load_settings(**given: Any) -> Settings:
    """The settings of the environment and the TOML file; `given` overrides (tests).

    Raises `ConfigurationError` with one line for each setting that is wrong, and what would be right.
    """
    for name, value in list(os.environ.items()):
        # CITIZEN_ACCOUNT_S3_REGION is easier to write than CITIZEN_ACCOUNT_S3__REGION.
        short = f"{PREFIX}S3_"
        if name.startswith(short) and not name.startswith(f"{PREFIX}S3__"):
            os.environ.setdefault(f"{PREFIX}S3__{name.removeprefix(short)}", value)
    path = os.environ.get(f"{PREFIX}CONFIG")
    if path and not Path(path).is_file():
        message = f"{PREFIX}CONFIG names {path}, which is no file."
        raise ConfigurationError(message)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        message = "These settings are wrong:\n  " + "\n  ".join(lines)
        raise ConfigurationError(message) from None
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    on_loopback = urlsplit(settings.public_url).hostname in LOOPBACK
    if settings.mail.local_mailbox and (not on_loopback or settings.trusted_proxies):
        message = (
            "mail.local_mailbox shows every mail to whoever asks: only with a public_url on loopback and without "
            "trusted_proxies. Set mail.smtp_url instead."
        )
        raise ConfigurationError(message)
    if settings.s3.secret_access_key.get_secret_value() in {"changeme", "secret", "password", "minioadmin"}:
        message = "s3.secret_access_key is a placeholder that everybody knows. Make a key of your own."
        raise ConfigurationError(message)
