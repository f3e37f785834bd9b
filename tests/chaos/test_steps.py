"""Orders: each is carried out once, at its step, and every step is passed by a service that exists."""

import signal
from pathlib import Path

from stack.environment import SERVICES
from tests.chaos.steps import STEPS, Orders


def test_an_order_is_carried_out_once_and_at_its_step_only(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    orders.arm("intake", "batch: decided", signal.SIGCONT)  # to a process that runs it means nothing
    orders.passed("intake", "batch: before commit")
    orders.passed("notify", "batch: decided")
    assert orders.armed("intake")
    orders.passed("intake", "batch: decided")
    orders.passed("intake", "batch: decided")
    assert not orders.armed("intake")
    [fired] = orders.fired()
    assert (fired.service, fired.step, fired.signal) == ("intake", "batch: decided", signal.SIGCONT)


def test_an_order_that_is_taken_back_kills_nobody(tmp_path: Path) -> None:
    orders = Orders(tmp_path)
    orders.arm("intake", "batch: decided", signal.SIGCONT)
    orders.disarm("intake")
    orders.passed("intake", "batch: decided")
    assert orders.fired() == []


def test_each_step_is_passed_by_services_that_there_are() -> None:
    assert all(services and set(services) <= set(SERVICES) for services in STEPS.values())
