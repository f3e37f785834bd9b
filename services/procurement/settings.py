"""What the operator sets for procurement."""

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="PROCUREMENT_"):
    """PROCUREMENT_PORT and PROCUREMENT_DATABASE; it makes party ids, so it needs that secret too."""

    secrets = ("secret_key", "party_secret")
    port: int = 8003
    database: str = "procurement"
