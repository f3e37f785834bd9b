"""Any bytes on any topic: acted on, passed by, told back or parked, and never an error that gets out."""

from hypothesis import given
from hypothesis import strategies as st

from shared.platform.understand import Record
from tests.platform.counting_service import INBOX_TYPE, Counting, Stepped

NAMES = st.sampled_from(
    ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_subject", "ce_sequence", "ce_epoch", "ce_municipality"]
)
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=30),
    st.sampled_from([b"1.0", b"1", b"1460", b"/x", b"1460-a", Stepped.type.encode(), INBOX_TYPE.encode()]),
)
HEADERS = st.lists(st.tuples(st.one_of(NAMES, st.just("content-type"), st.text(max_size=5)), VALUES), max_size=12)
BODIES = st.one_of(
    st.none(),
    st.binary(max_size=200),
    st.just(b'{"municipality":"1460","walker":"1460-a","steps":1}'),
    st.integers().map(lambda n: b'{"municipality":"1460","walker":"1460-a","steps":%d}' % n),
)
TOPICS = st.sampled_from(["inbox.watch.v1", "walking.steps.v1", "walking.maps.v1"])
RECORDS = st.builds(
    Record,
    topic=TOPICS,
    partition=st.just(0),
    offset=st.just(0),
    key=st.one_of(st.none(), st.binary(max_size=10), st.just(b"1460-a")),
    value=BODIES,
    headers=HEADERS,
)


@given(st.lists(RECORDS, min_size=1, max_size=8))
async def test_no_record_gets_past_and_none_stops_the_consumer(records: list[Record]) -> None:
    service = Counting()
    await service.hear(*records)
    positions = {row["_id"]: row.get("next") for row in await service.rows("positions")}
    for topic in {record.topic for record in records}:
        assert positions[f"counting|{topic}|0"] == sum(record.topic == topic for record in records)
