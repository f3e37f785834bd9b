"""A real Kafka on this machine: one KRaft node, without auto-created topics, on Java and jars that are fetched once."""

import shutil
import signal
import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stack.downloads import Tell, check_hashes, once, run, silent, write_hashes
from stack.java import find_java
from stack.places import HOST, LOCKS, downloads, free_port
from stack.problem import Problem
from stack.process import STOP_SECONDS, Process

VERSION = "4.1.2"
JARS = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"
FILES = 126  # jars, and the descriptions that lead to them
LOCK = LOCKS / "kafka.lock"
CLUSTER = "5L6g3nShT-eMCtK--X86sw"
START_SECONDS = 60.0
# Small things for a small machine: few threads, few partitions of the internal topics, an 8 MB cleaner (usual: 128).
# After a kill the controller takes a broker back only when its old session has ended: 3 s, not 9.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
"""
JVM = (
    *("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"),
    # Beside four services on two cores, what the second compiler costs in the first minutes is not won back for long.
    "-XX:TieredStopAtLevel=1",
)
LOGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS",
)


class Kafka:
    """One Kafka with its own folder and port; it comes back on the same port with the same records."""

    def __init__(
        self,
        where: Path,
        port: int = 0,
        orphaned: signal.Signals = signal.SIGKILL,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Keeps the place, the port (0: a free one) and properties beside ours; nothing runs until start()."""
        self.where = where.resolve()
        self.port = port or free_port()
        self.properties = properties or {}
        self.process = Process("Kafka", (), self.where / "kafka.log", orphaned=orphaned)

    @property
    def url(self) -> str:
        """What a client calls bootstrap servers."""
        return f"{HOST}:{self.port}"

    def start(self, tell: Tell = silent) -> None:
        """Starts it and waits until it answers; fetches it first if it was never fetched."""
        java, jars = find_java(tell), fetch_kafka(tell)
        properties = self._write_properties()
        command = [str(java), *JVM, *LOGS, "-cp", f"{jars}/*"]
        if not (self._data / "meta.properties").exists():
            storage = [*command, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
            run([*storage, "-t", CLUSTER, "-c", str(properties)], f"Kafka could not make its folder {self._data}")
        self.process.command = [*command, "kafka.Kafka", str(properties)]
        self.process.start()
        self.process.wait_until(lambda: answers(self.port), START_SECONDS)

    @property
    def _data(self) -> Path:
        return self.where / "logs"

    def _write_properties(self) -> Path:
        self._data.mkdir(parents=True, exist_ok=True)
        file = self.where / "server.properties"
        ours = PROPERTIES.format(host=HOST, port=self.port, controller=free_port(), data=self._data)
        file.write_text(ours + "".join(f"{name}={value}\n" for name, value in self.properties.items()))
        return file

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
        """Stops it if it runs, and starts it on the same port with the same records."""
        self.stop()
        self.start()


def answers(port: int) -> bool:
    """Whether a Kafka on this port answers the question which API versions it knows."""
    question = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection((HOST, port), timeout=2) as line:
            line.sendall(struct.pack(">i", len(question)) + question)
            return len(line.recv(8)) > 0
    except OSError:
        return False


def fetch_kafka(tell: Tell = silent) -> Path:
    """The folder of Kafka's jars, each with the hash that the lock promises; resolved by jgo when first asked for."""
    return once(f"kafka-{VERSION}", lambda into: _resolve(into, tell, check=True))


def _resolve(into: Path, tell: Tell, *, check: bool) -> None:
    folder = into / ".jgo"
    with _watched(folder, tell):
        places = ["--repo-cache", f"{folder}/repo", "--cache-dir", f"{folder}/cache", "--links", "copy"]
        command = [_jgo(), "--ignore-config", "--color", "plain", "--quiet", "--timeout", "60"]
        command += ["--resolver", "python", *places, "info", "envdir", JARS]
        run(command, "jgo could not fetch Kafka")
        for jar in (folder / "cache" / "envs").rglob("*.jar"):
            shutil.copyfile(jar, into / jar.name)
    shutil.rmtree(folder)
    if check:
        check_hashes(into, LOCK)


def _jgo() -> str:
    beside = Path(sys.executable).with_name("jgo")
    found = str(beside) if beside.exists() else shutil.which("jgo")
    if not found:
        raise Problem("Kafka is fetched with jgo, which is not installed here: install requirements-dev.lock.")
    return found


@contextmanager
def _watched(folder: Path, tell: Tell) -> Iterator[None]:
    # jgo tells nothing that a program can read: the files that have come are counted instead.
    done = threading.Event()

    def count() -> None:
        while not done.wait(0.2):
            come = sum(1 for file in folder.glob("repo/**/*.*") if file.suffix in {".jar", ".pom"})
            tell(f"Kafka {VERSION}", min(come, FILES - 1), FILES)

    watcher = threading.Thread(target=count, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        tell(f"Kafka {VERSION}", FILES, FILES)


def write_lock() -> None:
    """Resolves the jars anew and writes down their hashes."""
    with tempfile.TemporaryDirectory() as folder:
        downloads().mkdir(parents=True, exist_ok=True)
        _resolve(Path(folder), silent, check=False)
        write_hashes(Path(folder), LOCK, f"Kafka {VERSION} and what it needs: SHA-256 and file name.")
