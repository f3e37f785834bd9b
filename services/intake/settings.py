"""What the operator sets for intake."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import from_json

from shared.platform.settings import ServiceSettings

ADDRESS = r"^[^@\s]{1,64}@[^@\s]{1,255}$"
CLAMD = r"^(tcp://[0-9A-Za-z.:\[\]-]+:[0-9]{1,5}|unix:///.+)$"
Networks = tuple[IPv4Network | IPv6Network, ...]


class PublicForm(BaseModel):
    """A municipality that has a public form, and what the form must say of who keeps what is sent (GDPR 13.1 a-b)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    municipality: str = Field(pattern=r"^[0-9]{4}$")
    name: str = Field(min_length=1, max_length=200)
    e_mail: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)
    phone: str = Field(min_length=1, max_length=50)
    data_protection: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=320)


def _json_of(what: str) -> BeforeValidator:
    def read(value: Any) -> Any:
        try:
            return from_json(value) if isinstance(value, str | bytes) else value
        except ValueError:
            raise ValueError(f"must be JSON: {what}") from None

    return BeforeValidator(read)


def _named_once(forms: tuple[PublicForm, ...]) -> tuple[PublicForm, ...]:
    if len({form.municipality for form in forms}) < len(forms):
        raise ValueError("must name each municipality once")
    return forms


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


MailAddress = Annotated[str, Field(pattern=ADDRESS)]
Municipality = Annotated[str, Field(pattern=r"^[0-9]{4}$")]

MailTo = Mapping[MailAddress, Municipality] | None


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """INTAKE_PORT and INTAKE_DATABASE; it makes party ids and seals personal data, so it needs those secrets too.

    INTAKE_DATA_DIR is a folder with municipalities' own cards, case types and rules (`store/datafiles.py`).
    INTAKE_ARCHIVE_DIR is a folder for what is handed to the archive.
    INTAKE_ATTACHMENT_BYTES is the most of one attachment, INTAKE_CLAMD_URL what looks at each.
    INTAKE_FORMS says which municipalities have a public form; the others are what protects it.
    INTAKE_MAIL_PORT is where mail comes in, for the addresses of INTAKE_MAIL_TO (docs/intake.md).
    """

    secrets = ("secret_key", "party_secret", "grant_secret", "master_key")
    port: int = 8001
    database: str = "intake"
    data_dir: Path | None = None
    archive_dir: Path | None = None
    attachment_bytes: int = Field(25 * 1024 * 1024, ge=1)
    clamd_url: str | None = Field(None, pattern=CLAMD)
    forms: Annotated[tuple[PublicForm, ...], _json_of("a list of forms"), AfterValidator(_named_once)] = ()
    forms_an_hour: int = Field(30, ge=1, le=100_000)
    trusted_proxies: Annotated[Networks, BeforeValidator(_listed)] = ()
    mail_port: int | None = Field(None, ge=1, le=65535)
    mail_host: str | None = Field(None, pattern=r"^[0-9A-Za-z.:-]{1,253}$")
    mail_protocol: Literal["lmtp", "smtp"] = "lmtp"
    mail_bytes: int = Field(36 * 1024 * 1024, ge=64 * 1024)
    mail_connections: int = Field(20, ge=1, le=1000)
    mail_timeout: float = Field(300, ge=1, le=3600)
    mail_to: Annotated[MailTo, _json_of('{"kontakt@kommun.example": "1460"}')] = None

    @field_validator("archive_dir")
    @classmethod
    def _a_folder(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError(f"must name a folder: {folder} is none")
        return folder

    @field_validator("mail_to")
    @classmethod
    def _somebody_to_listen_for(cls, addresses: MailTo, info: ValidationInfo) -> MailTo:
        if info.data.get("mail_port") and not addresses:
            raise ValueError("must say whose mail INTAKE_MAIL_PORT is for")
        return addresses
