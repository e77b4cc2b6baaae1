"""The same three behind TLS and passwords, always started on this machine.

Docker's images and a given address are left out: what is proved here is how our clients
behave before a server that asks who they are, and for that the server must be ours.
"""

import os
import platform
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.infra.certificates import Authority, Pair
from tests.infra.go import ferretdb
from tests.infra.jars import fetched
from tests.infra.process import Process, free_port, listens
from tests.infra.servers import (
    INITDB,
    Kafka,
    Mongo,
    Postgres,
    kafka_in,
    mongo_in,
    new_folder,
    postgres_in,
    run,
)

ADMIN = "admin"
"""May do everything at the broker."""

LISTENERS = """
listeners=SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL://127.0.0.1:{sasl},MUTUAL://127.0.0.1:{mutual}
listener.security.protocol.map=SASL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=MUTUAL
listener.name.mutual.ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:{admin}
allow.everyone.if.no.acl.found=false
listener.name.sasl.plain.sasl.jaas.config={plain}
listener.name.sasl.scram-sha-256.sasl.jaas.config={scram}
listener.name.sasl.scram-sha-512.sasl.jaas.config={scram}
"""
"""Nobody is anonymous but on the controller's port."""

JAAS = "org.apache.kafka.common.security"
SCRAM = f"{JAAS}.scram.ScramLoginModule required;"
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(kw_only=True)
class SecuredKafka(Kafka):
    """A broker that asks everybody who he is; `address` takes SASL over TLS.

    `mutual` takes client certificates. `passwords` are of its users, each known to
    every mechanism.
    """

    mutual: str
    passwords: dict[str, str]


def secured_kafka(authority: Authority, passwords: dict[str, str]) -> SecuredKafka:
    """Start a broker that knows these users and nobody else."""
    sasl, mutual, controller = free_port(), free_port(), free_port()
    users = " ".join(f'user_{name}="{word}"' for name, word in passwords.items())
    listeners = LISTENERS.format(
        sasl=sasl,
        mutual=mutual,
        controller=controller,
        keystore=authority.server().both,
        ca=authority.ca,
        admin=ADMIN,
        plain=f"{JAAS}.plain.PlainLoginModule required {users};",
        scram=SCRAM,
    )
    known = [
        part
        for mechanism in MECHANISMS
        for name, word in passwords.items()
        for part in ("--add-scram", f"{mechanism}=[name={name},password={word}]")
    ]
    with new_folder("secured-kafka") as folder:
        made = kafka_in(folder, sasl, controller, listeners, *known)
    return SecuredKafka(
        address=made.address,
        how=made.how,
        process=made.process,
        folder=made.folder,
        mutual=f"127.0.0.1:{mutual}",
        passwords=passwords,
    )


def secured_mongo(authority: Authority) -> Mongo:
    """Start mongo-java-server behind TLS; it asks for no certificate of the client."""
    server = authority.server()
    with new_folder("secured-mongo") as folder:
        return mongo_in(folder, server.key, server.cert)


ASKING = (
    "FerretDB 1.24 over SQLite: speaks MongoDB's protocol, asks for a client certificate "
    "and by SCRAM for a password, and is not MongoDB"
)


def asking_mongo(authority: Authority, user: str, password: str) -> Mongo:
    """Start a server that knows one user, and him only with a certificate of `authority`."""
    server, port = authority.server(), free_port()
    with new_folder("asking-mongo") as folder:
        (folder / "data").mkdir()
        said = {
            "handler": "sqlite",
            "sqlite-url": f"file:{folder}/data/",
            "state-dir": folder,
            "listen-addr": "",
            "listen-tls": f"127.0.0.1:{port}",
            "listen-tls-cert-file": server.cert,
            "listen-tls-key-file": server.key,
            "listen-tls-ca-file": authority.ca,
            "setup-database": "admin",
            "setup-username": user,
            "setup-password": password,
            "telemetry": "disable",
            "debug-addr": "-",
            "log-level": "ERROR",
        }
        options = [f"--{name}={value}" for name, value in said.items()]
        process = Process(
            [str(ferretdb()), "--test-enable-new-auth", *options],
            log=folder / "asking-mongo.log",
            ready=listens(port),
        )
        process.start()
    where = f"{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}"
    return Mongo(address=f"mongodb://{where}", how=ASKING, process=process, folder=folder)


# ── PostgreSQL ──────────────────────────────────────────────────────────────

BUILT = "io.zonky.test.postgres:embedded-postgres-binaries-linux-{machine}:18.1.0:jar"
"""PostgreSQL with OpenSSL, for tests: the wheel's server is built without any."""

MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8"}
PASSWORD = "not: a/good@one"
KNOCKING = """
hostssl all certified 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""
"""Nobody is let in without TLS."""


def secured_postgres(authority: Authority) -> Postgres:
    """Start a PostgreSQL that is spoken to over TLS, with a password or a certificate."""
    with new_folder("secured-postgres") as folder:
        user = None
        _unpacked(folder)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        server = _beside(folder, authority.server())
        if os.geteuid() == 0:
            user = "nobody"
            for each in (folder, secret, server.key):
                shutil.chown(each, user)
        data, programs = folder / "data", folder / "bin"
        initdb = [str(programs / "initdb"), f"--pgdata={data}", f"--pwfile={secret}", *INITDB]
        run(initdb, user=user)
        (data / "pg_hba.conf").write_text(KNOCKING)
        tls = {"ssl": "on", "ssl_cert_file": server.cert, "ssl_key_file": server.key}
        tls |= {"ssl_ca_file": folder / "ca.pem"}
        (folder / "ca.pem").write_bytes(authority.ca.read_bytes())
        said = [f"-c{name}={value}" for name, value in tls.items()]
        url = (
            f"postgresql://postgres:{quote(PASSWORD, safe='')}@127.0.0.1:{free_port()}/postgres"
        )
        program = [str(programs / "postgres"), "-D", str(data), *said]
        how = "PostgreSQL 18.1 with OpenSSL from Maven, started here"
        return postgres_in(folder, program, f"{url}?sslmode=require", how, user)


def _beside(folder: Path, pair: Pair) -> Pair:
    """Copy a certificate to where the server, who is another user, may read it."""
    copies = [folder / each.name for each in (pair.cert, pair.key, pair.both)]
    for old, new in zip((pair.cert, pair.key, pair.both), copies, strict=True):
        shutil.copy(old, new)
    return Pair(*copies)


def _unpacked(folder: Path) -> None:
    machine = MACHINES.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        raise RuntimeError("PostgreSQL with OpenSSL is fetched for Linux alone")
    with zipfile.ZipFile(fetched(BUILT.format(machine=machine))) as jar:
        (name,) = (each for each in jar.namelist() if each.endswith(".txz"))
        with jar.open(name) as packed, tarfile.open(fileobj=packed, mode="r|xz") as files:
            files.extractall(folder, filter="data")
