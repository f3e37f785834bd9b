"""What the operator sets for intake."""

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """INTAKE_PORT and INTAKE_DATABASE."""

    port: int = 8001
    database: str = "intake"
