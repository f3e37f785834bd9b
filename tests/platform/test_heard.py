"""Lanes in memory: they have an end, and a lane that is no longer there is read from its row."""

from collections.abc import Sequence

from shared.platform.database import Document, Query, Sort
from shared.platform.heard import Lanes


class Rows:
    """Rows of lanes, and how often they were asked for."""

    def __init__(self, *rows: Document) -> None:
        self._rows, self.asked = {row["_id"]: row for row in rows}, 0

    async def find(self, collection: str, query: Query, *, sort: Sort = (), limit: int = 0) -> list[Document]:
        self.asked += 1
        wanted: Sequence[str] = query["_id"]["$in"]
        return [self._rows[one] for one in wanted if one in self._rows]


ROWS = [{"_id": f"lane-{number}", "v": number, "e": 0, "s": number, "b": 0, "u": 0} for number in range(1, 9)]


async def test_lanes_are_read_once_and_again_when_there_are_too_many() -> None:
    rows, lanes = Rows(*ROWS), Lanes(limit=4)
    assert (await lanes.load(rows, ["lane-2"]))["lane-2"].sequence == 2
    assert ((await lanes.load(rows, ["lane-2"]))["lane-2"].sequence, rows.asked) == (2, 1)
    changed = await lanes.load(rows, [f"lane-{number}" for number in range(1, 6)])
    for lane in changed.values():
        lane.hear(0, lane.sequence + 1, any_start=False)
    lanes.keep(changed.values())
    again = await lanes.load(rows, ["lane-1", "lane-6"])
    assert (again["lane-1"].sequence, again["lane-1"].version, rows.asked) == (2, 2, 3)
    lanes.keep(again.values())
    assert ((await lanes.load(rows, ["lane-2"]))["lane-2"].sequence, rows.asked) == (2, 4)
