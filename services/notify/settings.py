"""What the operator sets for notify."""

import re

from pydantic import Field, ValidationInfo, field_validator

from shared.platform.addresses import SmtpUrl
from shared.platform.settings import ServiceSettings

DEVELOPMENT_SENDER = "kommunkontakt@kommun.example"
ADDRESS = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")


class Settings(ServiceSettings, env_prefix="NOTIFY_"):
    """NOTIFY_PORT, NOTIFY_DATABASE, NOTIFY_SENDER (the address that mails come from) and NOTIFY_SMTP_URL.

    It seals whom it can reach and what it writes to them, so it needs the master key.
    """

    secrets = ("secret_key", "master_key")
    port: int = 8004
    database: str = "notify"
    sender: str = ""
    smtp_url: SmtpUrl | None = Field(None, repr=False)

    @property
    def mail_server(self) -> str:
        """Where mail is handed over: our own address for it, else the one that all services share."""
        return self.smtp_url or self.platform.smtp_url

    @field_validator("sender")
    @classmethod
    def _an_address(cls, sender: str, info: ValidationInfo) -> str:
        platform = info.data.get("platform")
        if not sender and platform is not None and platform.environment == "production":
            raise ValueError("must be set in production, to the address that mails come from")
        if sender and not ADDRESS.fullmatch(sender):
            raise ValueError("must be an e-mail address, such as kommunkontakt@kommun.example")
        return sender or DEVELOPMENT_SENDER
