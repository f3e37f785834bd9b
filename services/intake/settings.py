"""What the operator sets for intake."""

from pathlib import Path

from pydantic import Field

from shared.platform.settings import ServiceSettings

CLAMD = r"^(tcp://[0-9A-Za-z.:\[\]-]+:[0-9]{1,5}|unix:///.+)$"


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """INTAKE_PORT and INTAKE_DATABASE; it makes party ids and seals personal data, so it needs those secrets too.

    INTAKE_DATA_DIR is a folder with municipalities' own cards, case types and rules (`store/datafiles.py`).
    INTAKE_ATTACHMENT_BYTES is the most of one attachment, INTAKE_CLAMD_URL what looks at each.
    """

    secrets = ("secret_key", "party_secret", "master_key")
    port: int = 8001
    database: str = "intake"
    data_dir: Path | None = None
    attachment_bytes: int = Field(25 * 1024 * 1024, ge=1)
    clamd_url: str | None = Field(None, pattern=CLAMD)
