"""What the operator sets for procurement."""

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="PROCUREMENT_"):
    """PROCUREMENT_PORT and PROCUREMENT_DATABASE."""

    port: int = 8003
    database: str = "procurement"
