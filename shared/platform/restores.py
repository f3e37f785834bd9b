"""How often a service was restored from a backup: the epoch that all it says carries. {_id: epoch, unfinished, ...}.

A restore raises it, so that what is said from then on is news to every listener, although its sequences were used
before. The row is written before anything else is touched, and says so until the restore has come to its end.
"""

from shared.platform.database import Collection, Reads
from shared.platform.errors import WrongSetting

RESTORES = Collection("restores")
FIRST = 1
HALF_RESTORED = (
    "The database is half restored: run the restore again (python -m shared.platform.backup restore) before the start"
)


async def epoch_of(reads: Reads) -> int:
    """The epoch to speak in; WrongSetting while a restore has begun and is not finished."""
    rows = await reads.find(RESTORES.name, {})
    if any(row["unfinished"] for row in rows):
        raise WrongSetting(HALF_RESTORED)
    return max((row["_id"] for row in rows), default=FIRST)
