"""A replica set of one node, of a MongoDB started with --replSet: enough for transactions in development."""

import re

from shared.platform.errors import WrongSetting
from shared.platform.mongo import Driver, connect

SEED = re.compile(r"(?P<name>[A-Za-z0-9_-]{1,64})/(?P<member>[A-Za-z0-9.-]{1,253}:[0-9]{1,5})")


async def initiate(seed: str, driver: Driver = "motor", url: str = "mongodb://") -> bool:
    """Initiate `name/host:port`, as the user of `url`; False when that was done before. TryAgain while it is away."""
    parts = SEED.fullmatch(seed)
    if parts is None:
        raise WrongSetting("--initiate-replica-set must be name/host:port, such as rs0/mongo:27017.")
    user = f"{url.removeprefix('mongodb://').rpartition('@')[0]}@".removeprefix("@")
    database = connect(f"mongodb://{user}{parts['member']}/?directConnection=true", "admin", driver)
    try:
        return await database.initiate(parts["name"], parts["member"])
    finally:
        await database.close()
