"""What the operator sets: environment variables read once, at the start, into frozen classes.

The platform's own variables begin with KOMMUNKONTAKT_ and are the same for all services; a service adds its own class
with its own prefix:

    class Settings(ServiceSettings, env_prefix="INTAKE_"):
        port: int = 8001
        database: str = "intake"

    settings = Settings.load()          # raises WrongSetting: one sentence that names every wrong variable
    settings.port, settings.platform.kafka_url

Any of them may instead be a file of that name (in lower case) in the folder that KOMMUNKONTAKT_SECRETS_DIR names, which
is how secrets come from Docker or Kubernetes; a variable that is set wins.
"""

import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails, from_json
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.platform.addresses import HttpUrl, KafkaServers, KeysUrl, MongoUrl, SmtpUrl
from shared.platform.errors import WrongSetting
from shared.platform.kafka import KafkaAccess, Mechanism, Protocol, fault_of

SECRETS_DIR = "KOMMUNKONTAKT_SECRETS_DIR"
DEVELOPMENT_SECRET = "for development only, never for real people"  # noqa: S105
NO_SECRET = "must be set in production, to a random text of its own with 32 characters or more"  # noqa: S105
NO_KEYS = "or KOMMUNKONTAKT_JWKS_URL must be set in production"
SHOWN = 10


def _from_json(value: Any) -> Any:
    if not isinstance(value, str | bytes):
        return value
    try:
        return from_json(value)
    except (ValueError, TypeError):
        raise ValueError("must be JSON: a list of publishers") from None


def _named_once(publishers: "tuple[Publisher, ...]") -> "tuple[Publisher, ...]":
    if len({publisher.name for publisher in publishers}) < len(publishers):
        raise ValueError("must name each publisher once")
    return publishers


def secrets_folder() -> Path | None:
    """The folder that settings are read from too; WrongSetting when it cannot be read."""
    named = os.environ.get(SECRETS_DIR)
    if not named:
        return None
    folder = Path(named)
    try:
        for file in folder.iterdir():
            if file.is_file() and "." not in file.name:  # no variable has a dot in its name
                file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise WrongSetting(f"{SECRETS_DIR} must name a folder whose files can all be read as text.") from None
    return folder


class Rate(BaseModel):
    """How many events a minute a publisher may post over HTTP, from a day on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_on: date
    per_minute: int = Field(ge=1, le=100_000)


class Publisher(BaseModel):
    """A system of a municipality that may write on its own inbox topic, and the types (short names) it may say.

    `sources` are the CloudEvents sources that it may name, any when empty. Over HTTP it may publish from the first day
    of its `http_rates`, and never without one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    municipality: str = Field(pattern=r"^[0-9]{4}$")
    types: tuple[Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$")], ...] = Field(min_length=1)
    sources: tuple[Annotated[str, Field(min_length=1, max_length=2_048)], ...] = ()
    http_rates: tuple[Rate, ...] = ()

    def per_minute(self, on: date) -> int | None:
        """How many events a minute it may post over HTTP on a day; None when it may not post any."""
        begun = [rate for rate in self.http_rates if rate.from_on <= on]
        return max(begun, key=lambda rate: rate.from_on).per_minute if begun else None


class PlatformSettings(BaseSettings):
    """What all services share. In production the secrets that a service needs, and keys for tokens, have no default.

    KAFKA_URL, MONGO_URL and SMTP_URL are read too, when the variables with our prefix are not set. Secrets are kept
    out of `repr`.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        env_prefix="KOMMUNKONTAKT_",
        env_ignore_empty=True,
        enable_decoding=False,
        extra="ignore",
        validate_default=True,
        populate_by_name=True,
    )

    environment: Literal["production", "development"] = "production"
    kafka_url: KafkaServers = Field(
        "127.0.0.1:9092", validation_alias=AliasChoices("KOMMUNKONTAKT_KAFKA_URL", "KAFKA_URL")
    )
    kafka_user: str | None = None
    kafka_password: str | None = Field(None, repr=False)
    kafka_security_protocol: Protocol = "PLAINTEXT"
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    kafka_ca_file: Path | None = None
    mongo_url: MongoUrl = Field(
        "mongodb://127.0.0.1:27017/?replicaSet=rs0",
        validation_alias=AliasChoices("KOMMUNKONTAKT_MONGO_URL", "MONGO_URL"),
        repr=False,
    )
    smtp_url: SmtpUrl = Field(
        "smtp://127.0.0.1:1025", validation_alias=AliasChoices("KOMMUNKONTAKT_SMTP_URL", "SMTP_URL"), repr=False
    )
    mongo_driver: Literal["motor", "pymongo"] = "motor"
    otlp_endpoint: HttpUrl | None = Field(
        None, validation_alias=AliasChoices("KOMMUNKONTAKT_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    )
    clock: Literal["system", "simulated"] = "system"
    publishers: Annotated[tuple[Publisher, ...], BeforeValidator(_from_json), AfterValidator(_named_once)] = ()
    jwks_url: KeysUrl | None = None
    jwt_key_file: Path | None = None
    jwt_audience: str = Field("kommunkontakt", min_length=1)
    secret_key: str = Field(DEVELOPMENT_SECRET, min_length=32, repr=False)
    party_secret: str = Field(DEVELOPMENT_SECRET, min_length=32, repr=False)
    grant_secret: str = Field(DEVELOPMENT_SECRET, min_length=32, repr=False)
    grant_secret_other: str | None = Field(None, min_length=32, repr=False)
    master_key: str = Field(DEVELOPMENT_SECRET, min_length=32, repr=False)
    master_key_other: str | None = Field(None, min_length=32, repr=False)
    host: str = Field("127.0.0.1", pattern=r"^[0-9A-Za-z.:-]{1,253}$")
    instance: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    lanes: int = Field(1, ge=1, le=12)
    replication: int = Field(1, ge=1, le=9)
    drain_seconds: float = Field(0, ge=0, le=30)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def kafka(self) -> KafkaAccess:
        """What every Kafka client is given."""
        how = (self.kafka_security_protocol, self.kafka_sasl_mechanism)
        return KafkaAccess(self.kafka_url, *how, self.kafka_user, self.kafka_password, self.kafka_ca_file)

    @field_validator("kafka_security_protocol")
    @classmethod
    def _as_the_user_needs(cls, protocol: Protocol, info: ValidationInfo) -> Protocol:
        if fault := fault_of(protocol, info.data.get("kafka_user"), info.data.get("kafka_password")):
            raise ValueError(fault)
        return protocol

    @field_validator("clock")
    @classmethod
    def _simulated_only_in_development(cls, clock: str, info: ValidationInfo) -> str:
        if clock == "simulated" and info.data.get("environment") != "development":
            raise ValueError("may be simulated only when KOMMUNKONTAKT_ENVIRONMENT is development")
        return clock

    @field_validator("jwt_key_file")
    @classmethod
    def _one_key_for_tokens(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file and info.data.get("jwks_url", "wrong, and told so already"):
            raise ValueError("and KOMMUNKONTAKT_JWKS_URL must not both be set")
        return file

    def lacking(self, secrets: Sequence[str]) -> list[str]:
        """What a service that needs these secrets, and keys for tokens, would lack in production."""
        if self.environment == "development":
            return []
        missing = [name for name in secrets if getattr(self, name) == DEVELOPMENT_SECRET]
        faults = [f"KOMMUNKONTAKT_{name.upper()} {NO_SECRET}" for name in missing]
        return faults if self.jwt_key_file or self.jwks_url else [*faults, f"KOMMUNKONTAKT_JWT_KEY_FILE {NO_KEYS}"]

    @classmethod
    def load(cls) -> Self:
        """Read the environment, or raise WrongSetting with one sentence that names what is wrong."""
        try:
            return cls(_secrets_dir=secrets_folder())
        except ValidationError as wrong:
            raise WrongSetting(_sentence(_faults(cls, wrong))) from None


class ServiceSettings(BaseSettings):
    """What one service adds: a subclass gives the prefix and the two values, and `platform` holds what all share."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, enable_decoding=False, extra="ignore", validate_default=True
    )
    secrets: ClassVar[tuple[str, ...]] = ("secret_key",)  # those of the platform that the service needs
    platform: PlatformSettings
    port: int
    database: str

    @field_validator("port")
    @classmethod
    def _a_port(cls, port: int) -> int:
        if not 1 <= port <= 65535:
            raise ValueError("must be a port, 1 to 65535")
        return port

    @field_validator("database")
    @classmethod
    def _a_database(cls, name: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,37}", name):
            raise ValueError("must begin with a letter and hold only letters, digits, - and _ (38 at most)")
        return name

    @classmethod
    def load(cls) -> Self:
        """Read the environment, or raise WrongSetting with one sentence that names all that is wrong."""
        faults: list[str] = []
        platform: Any = None
        folder = secrets_folder()
        try:
            platform = PlatformSettings(_secrets_dir=folder)
            faults += platform.lacking(cls.secrets)
        except ValidationError as wrong:
            faults += _faults(PlatformSettings, wrong)
        try:
            settings = cls(platform=platform, _secrets_dir=folder)
        except ValidationError as wrong:
            faults += _faults(cls, wrong)
        if faults:
            raise WrongSetting(_sentence(faults)) from None
        return settings


def _faults(settings: type[BaseSettings], wrong: ValidationError) -> list[str]:
    found = wrong.errors(include_url=False, include_context=False, include_input=False)
    return [_fault(settings, error) for error in found if error["loc"] != ("platform",)]


def _fault(settings: type[BaseSettings], error: ErrorDetails) -> str:
    first, *inner = error["loc"] or ("",)
    prefix = str(settings.model_config.get("env_prefix", "")).upper()
    name = str(first).upper()
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in inner)
    return f"{name if name.startswith(prefix) else prefix + name}{place}{_said(error['msg'])}"


def _said(message: str) -> str:
    for opening in ("Value error, ", "Input should", "String should"):
        if message.startswith(opening):
            return f" {message.removeprefix('Value error, ').removeprefix('Input ').removeprefix('String ')}"
    return f": {message}"


def _shown(part: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in part[:40])


def _sentence(faults: list[str]) -> str:
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    return "; ".join(faults[:SHOWN] + more) + "."
