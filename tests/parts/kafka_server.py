"""A real Apache Kafka on this machine: a single node in KRaft mode, on loopback, on ports of its own.

For tests, for benchmarks and for ``make fleet``. Its jars are fetched once, by scripts/kafka.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from parts.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
USER, PASSWORD = "tester", "not-a-secret"
"""Whom the listener with SASL lets in."""

START_S = 60.0
STOP_S = 20.0
CALL_S = 20.0
CLUSTER = "RGFzaFN0cmVhbS10ZXN0cw"
"""Sixteen bytes in the alphabet of ids; one made at random may begin with a dash and look like an option."""
# Made for a quick start and a small footprint: no second compiler, one collector thread.
JVM = ("-Xmx512m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
LOG4J = """\
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c: %m%n
"""
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL://127.0.0.1:{sasl_port}
sasl.enabled.mechanisms=PLAIN
listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={directory}/data
auto.create.topics.enable=false
num.partitions=1
num.network.threads=2
num.io.threads=2
background.threads=2
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.ms=-1
log.segment.delete.delay.ms=100
log.cleaner.backoff.ms=200
controlled.shutdown.enable=false
broker.heartbeat.interval.ms=200
broker.session.timeout.ms=1000
"""


def kafka_libs() -> Path:
    """Return the directory of Kafka's jars; the first time they are fetched, which takes a while.

    Raises:
        RuntimeError: they cannot be had; the message says what to install.
    """
    found = subprocess.run([ROOT / "scripts" / "kafka"], check=False, stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        raise RuntimeError("Kafka's jars are missing; scripts/kafka says why")
    return Path(found.stdout.strip())


@dataclass
class KafkaBroker:
    """A broker that can be killed, frozen and started again on the same ports and data."""

    directory: Path
    libs: Path
    port: int
    controller_port: int
    sasl_port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    is_stopped: bool = False

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self.port}"

    @property
    def sasl_bootstrap(self) -> str:
        """Where clients that log in find it."""
        return f"127.0.0.1:{self.sasl_port}"

    @classmethod
    def made(cls, directory: Path, libs: Path) -> KafkaBroker:
        """Return a broker that is not yet started; what the directory holds of an earlier one is kept."""
        port, controller_port, sasl_port = free_ports(3)
        broker = cls(directory, libs, port, controller_port, sasl_port)
        (directory / "log4j.properties").write_text(LOG4J)
        (directory / "server.properties").write_text(
            PROPERTIES.format(
                port=port,
                controller_port=controller_port,
                sasl_port=sasl_port,
                directory=directory,
                user=USER,
                password=PASSWORD,
            )
        )
        config = str(directory / "server.properties")
        subprocess.run(
            broker._java(
                *("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config", config),
                "--ignore-formatted",
            ),
            check=True,
            capture_output=True,
        )
        return broker

    def start(self) -> None:
        """Start it; returns when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start its process; it answers some seconds later."""
        with (self.directory / "broker.log").open("ab") as output:
            self.process = subprocess.Popen(
                self._java("kafka.Kafka", str(self.directory / "server.properties")), stdout=output, stderr=output
            )

    def wait_until_ready(self) -> None:
        """Return when the broker answers."""
        assert self.process
        deadline = monotonic() + START_S
        while self.process.poll() is None and monotonic() < deadline:
            with suppress(KafkaException):
                self.admin.list_topics(timeout=1.0)
                return
        raise RuntimeError(f"Kafka did not start:\n{(self.directory / 'broker.log').read_text()}")

    def end(self) -> None:
        """End it in order, or by force where that takes too long; nothing happens if it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        """Kill -9; nothing happens if it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """Freeze it: connections stay open and nothing answers."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        self.is_stopped = True

    def go_on(self) -> None:
        """Undo ``stop``."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def heal(self) -> None:
        """Let it run and answer, whatever was done to it."""
        assert self.process
        if self.is_stopped:
            self.go_on()
        if self.process.poll() is not None:
            self.start()
        elif not self._answers():
            self.__dict__.pop("admin", None)  # a client may never find a broker again that was away for long
            self.wait_until_ready()

    def _answers(self) -> bool:
        with suppress(KafkaException):
            self.admin.list_topics(timeout=CALL_S / 2)
            return True
        return False

    @cached_property
    def admin(self) -> AdminClient:
        """A client for administration that reconnects quickly and keeps quiet."""
        return AdminClient(
            {
                "bootstrap.servers": self.bootstrap,
                "reconnect.backoff.ms": 50,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
            }
        )

    def attempts(self) -> Iterator[None]:
        """Yield again and again, at a bearable pace, for as long as one call may take."""
        deadline = monotonic() + CALL_S
        while monotonic() < deadline:
            yield
            self.admin.poll(0.02)

    def _java(self, main: str, *arguments: str) -> list[str]:
        log4j = f"-Dlog4j.configuration=file:{self.directory / 'log4j.properties'}"
        return ["java", *JVM, log4j, "-cp", f"{self.libs}/*", main, *arguments]
