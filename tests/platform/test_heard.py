"""Lanes in memory: they have an end, and a lane that is no longer there is read from its row."""

from shared.platform.heard import LANES, Lane, Lanes
from shared.platform.memory import MemoryDatabase


async def test_a_lane_is_remembered_until_there_are_too_many_and_then_read_again() -> None:
    database, lanes = MemoryDatabase(), Lanes(limit=2)
    await database.change(LANES.name, {"_id": "one"}, {"$set": {"v": 1, "e": 0, "s": 5, "b": 0, "u": 0}}, upsert=True)
    assert await lanes.load(database, ["one"]) == {"one": Lane("one", 1, 0, 5)}
    await database.change(LANES.name, {"_id": "one"}, {"$set": {"v": 2, "s": 6}})
    assert await lanes.load(database, ["one"]) == {"one": Lane("one", 1, 0, 5)}
    others = [Lane(name, 1, 0, 1, changed=True) for name in ("two", "three", "four")]
    lanes.keep(others)
    assert (await lanes.load(database, ["four"]))["four"] == Lane("four", 2, 0, 1)
    lanes.keep([])
    assert await lanes.load(database, ["one"]) == {"one": Lane("one", 2, 0, 6)}
