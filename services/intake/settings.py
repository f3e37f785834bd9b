"""What the operator sets for intake."""

from pathlib import Path

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """INTAKE_PORT and INTAKE_DATABASE; it makes party ids and seals personal data, so it needs those secrets too.

    INTAKE_DATA_DIR is a folder with municipalities' own cards, case types and rules (`store/datafiles.py`).
    """

    secrets = ("secret_key", "party_secret", "master_key")
    port: int = 8001
    database: str = "intake"
    data_dir: Path | None = None
