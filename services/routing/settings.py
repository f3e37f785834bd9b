"""What the operator sets for routing."""

from shared.platform.settings import ServiceSettings


class Settings(ServiceSettings, env_prefix="ROUTING_"):
    """ROUTING_PORT and ROUTING_DATABASE; it signs grants, so it needs that secret too."""

    secrets = ("secret_key", "grant_secret")
    port: int = 8002
    database: str = "routing"
