"""Makes the users of MongoDB, by the set-up alone: one a service, which can touch its own database and no other."""

import os
from importlib import import_module

from shared.platform.docs_listeners import services
from shared.platform.mongo import connect
from shared.platform.rights import ADMIN, password_of
from shared.platform.settings import PlatformSettings
from shared.platform.simulation import DATABASE as DEVELOPMENT


async def keep_users(settings: PlatformSettings) -> None:
    """Give each service's user, and the admin, the passwords of the environment."""
    passwords = {name: password_of(name, "MONGO") for name in (*services(), ADMIN)}
    shared = [DEVELOPMENT] if settings.environment == "development" else []
    admin = connect(settings.mongo_url, "admin", settings.mongo_driver)
    try:
        for service in services():
            await admin.keep_user(service, passwords[service], [database_of(service), *shared])
        await admin.change_password(ADMIN, passwords[ADMIN])
    finally:
        await admin.close()


def database_of(service: str) -> str:
    """The name of a service's database: what the service itself would read."""
    settings = import_module(f"services.{service}.settings").Settings
    return os.environ.get(f"{service.upper()}_DATABASE") or str(settings.model_fields["database"].default)
