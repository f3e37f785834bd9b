"""Real servers for tests: on free ports, in a folder of their own, and gone when the test process is gone.

    with start_servers(tmp_path, mail=False) as servers:
        servers.kafka_url, servers.mongo_url
        servers.kafka.kill()
        servers.kafka.restart()

Every handle (kafka, mongo, mail) has start, stop, kill, pause, resume and restart; the port and what is kept stay.
"""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from stack.kafka import Kafka
from stack.mail import Mail
from stack.mongo import Mongo
from stack.problem import Problem

Server = TypeVar("Server", Kafka, Mongo, Mail)


@dataclass(slots=True)
class Servers:
    """The servers that a test asked for."""

    its_kafka: Kafka | None = None
    its_mongo: Mongo | None = None
    its_mail: Mail | None = None

    @property
    def kafka(self) -> Kafka:
        """The Kafka; refuses when none was asked for."""
        return _asked_for(self.its_kafka, "kafka")

    @property
    def mongo(self) -> Mongo:
        """The MongoDB; refuses when none was asked for."""
        return _asked_for(self.its_mongo, "mongo")

    @property
    def mail(self) -> Mail:
        """The mail sink; refuses when none was asked for."""
        return _asked_for(self.its_mail, "mail")

    @property
    def kafka_url(self) -> str:
        """Kafka's bootstrap servers."""
        return self.kafka.url

    @property
    def mongo_url(self) -> str:
        """MongoDB's address, with its replica set."""
        return self.mongo.url

    @property
    def smtp_url(self) -> str:
        """Where mails are handed over."""
        return self.mail.smtp_url

    @property
    def mail_url(self) -> str:
        """Where mails are counted: {mail_url}/api/v1/messages."""
        return self.mail.url

    def start(self) -> None:
        """Starts all that were asked for; the first that fails takes the others with it."""
        try:
            for server in self._all():
                server.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends all at once; nothing of a test is worth a kind farewell."""
        for server in self._all():
            server.kill()

    def __enter__(self) -> Self:
        """The servers, already running."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends all of them."""
        self.close()

    def _all(self) -> list[Kafka | Mongo | Mail]:
        return [server for server in (self.its_mongo, self.its_kafka, self.its_mail) if server is not None]


def _asked_for(server: Server | None, name: str) -> Server:
    if server is None:
        raise Problem(f"start_servers was told {name}=False.")
    return server


def start_servers(where: Path, kafka: bool = True, mongo: bool = True, mail: bool = True) -> Servers:
    """Starts what is wanted below this folder and waits until it answers (about 4 s for all, once downloaded).

    Raises Problem, one sentence, when something can't start. Use the answer in a with statement, or call close().
    """
    servers = Servers(
        Kafka(where / "kafka") if kafka else None,
        Mongo(where / "mongo") if mongo else None,
        Mail(where / "mail") if mail else None,
    )
    servers.start()
    return servers
