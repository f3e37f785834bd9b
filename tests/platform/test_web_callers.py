"""How often a caller may come, and who a caller is behind proxies."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.platform.web.callers import HOUR, Allowance, caller_of

OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


class Watch:
    """A watch that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_caller_may_come_so_many_times_and_then_waits_as_long_as_told() -> None:
    watch = Watch()
    rate = Allowance(3, watch)
    assert [rate.take("a") for _ in range(4)] == [0, 0, 0, 1200]
    assert rate.take("b") == 0
    watch.at += 1199
    assert rate.take("a") == 1
    watch.at += 1
    assert [rate.take("a"), rate.take("a")] == [0, 1200]


@given(st.lists(st.floats(0, HOUR), max_size=200), st.integers(1, 20))
def test_no_caller_comes_more_often_in_any_hour(pauses: list[float], an_hour: int) -> None:
    watch, came = Watch(), list[float]()
    rate = Allowance(an_hour, watch)
    for pause in pauses:
        watch.at += pause
        if rate.take("a") == 0:
            came.append(watch.at)
    for at in came:
        assert sum(at <= other < at + HOUR for other in came) <= 2 * an_hour


def test_who_keeps_away_is_forgotten_and_no_address_is_kept() -> None:
    watch = Watch()
    rate = Allowance(1, watch, most=3)
    for name in "abc":
        rate.take(name)
    watch.at += HOUR
    rate.take("d")
    assert len(rate._free_at) == 1
    assert b"d" not in rate._free_at


def test_a_crowd_pushes_the_oldest_out_and_nobody_else() -> None:
    rate = Allowance(1, Watch(), most=3)
    assert [rate.take(name) for name in "abcd"] == [0] * 4
    assert rate.take("d") > 0
    assert rate.take("a") == 0


def caller(peer: str, *written: str) -> str:
    headers = [(b"x-forwarded-for", one.encode()) for one in written]
    return caller_of(Request({"type": "http", "headers": headers, "client": (peer, 1)}), OURS)


@pytest.mark.parametrize(
    ("peer", "written", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        ("10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9, 198.51.100.7",), "198.51.100.7"),
        ("10.0.0.1", ("198.51.100.7, 10.0.0.2",), "198.51.100.7"),
        ("10.0.0.1", ("203.0.113.9", "198.51.100.7, 10.0.0.2"), "198.51.100.7"),
        ("10.0.0.1", ("10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        ("10.0.0.1", ("198.51.100.7, nonsense",), "10.0.0.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("2001:db8:1:2:aaaa::1",), "2001:db8:1:2::/64"),
        ("fd00::1", ("::ffff:198.51.100.7",), "198.51.100.7"),
        ("nobody", ("198.51.100.7",), "nobody"),
    ],
)
def test_the_nearest_who_is_no_proxy_of_ours_calls(peer: str, written: tuple[str, ...], expected: str) -> None:
    assert caller(peer, *written) == expected


def test_an_unknown_peer_is_somebody_too() -> None:
    assert caller_of(Request({"type": "http", "headers": [], "client": None}), OURS) == ""
