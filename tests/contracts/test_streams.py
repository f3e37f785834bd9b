"""How long streams keep what was said, and how soon a compacted one forgets it: from the topic's own settings."""

from shared.contracts.catalogue import all_streams
from shared.contracts.streams import DAY_MS, INTAKE_PARTIES, inbox

HOUR_MS = 60 * 60 * 1000
CLEANER_LOOKS_EVERY_MS = 15_000
"""Kafka's default of log.cleaner.backoff.ms."""


def test_what_is_erased_is_gone_within_25_hours() -> None:
    config = INTAKE_PARTIES.config()
    closed = int(config["segment.ms"]) + INTAKE_PARTIES.forgetting.heartbeat_ms
    cleaned = max(closed, int(config["max.compaction.lag.ms"])) + CLEANER_LOOKS_EVERY_MS
    assert cleaned + int(config["file.delete.delay.ms"]) < INTAKE_PARTIES.forgetting.erased_within_ms
    assert INTAKE_PARTIES.forgetting.erased_within_ms == 25 * HOUR_MS


def test_a_segment_is_closed_in_good_time_before_it_must_be_cleaned() -> None:
    for stream in (stream for stream in all_streams() if stream.compacted):
        times = stream.forgetting
        assert times.segment_ms + times.heartbeat_ms <= times.lag_ms / 2


def test_whoever_may_be_away_for_as_long_as_an_inbox_keeps_hears_every_erasure() -> None:
    kept = int(INTAKE_PARTIES.config()["delete.retention.ms"])
    assert kept > 365 * DAY_MS
    assert kept > int(inbox("e-services").config()["retention.ms"])


def test_what_is_not_compacted_is_kept_for_ever() -> None:
    assert {stream.config()["retention.ms"] for stream in all_streams() if not stream.compacted} == {"-1"}
