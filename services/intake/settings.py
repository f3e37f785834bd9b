"""What the operator sets for intake."""

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """INTAKE_PORT and INTAKE_DATABASE; it makes party ids, so it needs that secret too."""

    secrets = ("secret_key", "party_secret")
    port: int = 8001
    database: str = "intake"
