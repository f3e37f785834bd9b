"""The command `python -m stack`: everything on this machine, with one command and without Docker."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from stack import kafka
from stack.announcement import announce
from stack.environment import SERVICES, choose_ports, read_run_environment
from stack.places import DATA, forget, insist_on_platform, only_user
from stack.problem import Problem
from stack.progress import Shown
from stack.supervisor import Died, Supervisor

COMPLAINT = 2


class Stopped(BaseException):
    """Somebody asked us to end: Ctrl-C, SIGTERM, or a terminal that was closed."""


def main() -> None:
    """Does what the command line says; a problem is one sentence on standard error and exit code 2."""
    options = _options().parse_args()
    try:
        sys.exit(options.does(options))
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(COMPLAINT)
    except OSError as error:
        if error.filename is None:
            raise
        sys.stderr.write(f"{error.filename}: {error.strerror}.\n")
        sys.exit(COMPLAINT)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = options.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="the servers and the four services")
    run.set_defaults(does=lambda given: _run(given, SERVICES))
    servers = commands.add_parser("servers", help="only Kafka, MongoDB and the mail sink; prints where, as JSON")
    servers.set_defaults(does=_serve)
    one = commands.add_parser("run-one", help="the servers and one service")
    one.add_argument("service", choices=SERVICES)
    one.set_defaults(does=lambda given: _run(given, [given.service]))
    clean = commands.add_parser("clean-data", help="forgets all that a run has kept")
    clean.set_defaults(does=_clean)
    for command in (run, servers, one, clean):
        command.add_argument("--data", type=Path, default=DATA, help="where everything is kept (default .data)")
    for command in (run, servers, one):
        command.add_argument("--ports-from", type=int, metavar="PORT", help="nine ports in a row; 0: any free ones")
    commands.add_parser("lock", help="resolves Kafka anew and writes its hashes").set_defaults(does=_lock)
    within = commands.add_parser("env", help="runs a command in the environment of what runs")
    within.add_argument("command", nargs=argparse.REMAINDER)
    within.set_defaults(does=_within)
    return options


def _clean(options: argparse.Namespace) -> int:
    forget(options.data)
    return 0


def _lock(_: argparse.Namespace) -> int:
    kafka.write_lock()
    return 0


def _within(options: argparse.Namespace) -> int:
    if not options.command:
        raise Problem("Say which command to run: python -m stack env COMMAND ...")
    os.environ.update(read_run_environment())
    os.execvp(options.command[0], options.command)  # noqa: S606 - becoming the command is the purpose


def _serve(options: argparse.Namespace) -> int:
    return _supervised(options, None)


def _run(options: argparse.Namespace, services: Sequence[str]) -> int:
    return _supervised(options, services)


def _supervised(options: argparse.Namespace, services: Sequence[str] | None) -> int:
    insist_on_platform()
    ports, errors = choose_ports(options.ports_from), Console(stderr=True)
    shown = Shown(errors)
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(which, _raise_stopped)
    with only_user(options.data):
        supervisor = Supervisor(options.data, ports, shown.tell)
        try:
            with shown:
                _start(supervisor, services)
            announce(supervisor, services)
            _watch(supervisor)
        except Died as died:
            sys.stderr.write(f"{died}\n")
            return 1
        except Stopped:
            return 0
        finally:
            _end(supervisor)


def _raise_stopped(number: int, frame: FrameType | None) -> None:
    raise Stopped


def _start(supervisor: Supervisor, services: Sequence[str] | None) -> None:
    supervisor.insist_on_free_ports(services or ())
    supervisor.start_servers()
    if services:
        supervisor.set_up()
        supervisor.start_services(services)


def _watch(supervisor: Supervisor) -> NoReturn:
    while True:
        time.sleep(0.3)
        supervisor.insist_all_run()


def _end(supervisor: Supervisor) -> None:
    if not supervisor.running:
        return
    sys.stderr.write("Stopping; Ctrl-C once more ends everything at once.\n")
    try:
        supervisor.stop()
    except Stopped:
        supervisor.kill()


if __name__ == "__main__":
    main()
