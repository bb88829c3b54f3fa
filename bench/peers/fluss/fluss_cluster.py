"""A real Apache Fluss on this machine's loopback: ZooKeeper, coordinator and one tablet server, from Maven.

usage: fluss_cluster.py      starts one, prints its bootstrap server, and ends it when stdin ends
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import jvm  # noqa: E402

ZOOKEEPER = "org.apache.fluss.shaded.zookeeper3.org.apache.zookeeper.server.quorum.QuorumPeerMain"
COORDINATOR = "org.apache.fluss.server.coordinator.CoordinatorServer"
TABLET = "org.apache.fluss.server.tablet.TabletServer"
START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 20
LOG4J = """rootLogger.level = WARN
rootLogger.appenderRef.c.ref = C
appender.c.type = Console
appender.c.name = C
appender.c.target = SYSTEM_ERR
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %d{HH:mm:ss.SSS} %-5p %c{1.} - %m%n
"""


class ClusterError(Exception):
    """A server ended, or did not listen in time."""


def free_ports(count):
    """Ports that are free now; all are held until all are known, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class FlussCluster:
    """Starts in the constructor, in a directory of its own; `stop` ends every process it started and removes all files.

    With `users` (names and passwords) clients log in by SASL, and the first of them is a super user.
    """

    def __init__(self, jdk, options=None, coordinator_heap="-Xmx512m", tablet_heap="-Xmx2g", users=None):
        self.jdk = jdk
        self.options = (login_options(users) if users else {}) | (options or {})
        self.classpath = jdk.classpath(HERE)
        self.directory = tempfile.TemporaryDirectory(prefix="forebay-fluss-")
        self.folder = pathlib.Path(self.directory.name)
        self.processes = {}      # name -> Popen
        self.start_seconds = {}  # name -> until it listened
        (self.folder / "log4j2.properties").write_text(LOG4J, "utf-8")
        self.ports = dict(zip(("zookeeper", "coordinator", "tablet"), free_ports(3)))
        # Servers talk to each other at ports of their own, without logins.
        self.inner_ports = dict(zip(("coordinator", "tablet"), free_ports(2))) if users else {}
        self.bootstrap = f"127.0.0.1:{self.ports['coordinator']}"
        try:
            self._start("zookeeper", ["-Xmx256m", ZOOKEEPER], [self._zookeeper_config()])
            self._start("coordinator", [coordinator_heap, COORDINATOR],
                        ["--configDir", self._server_config("coordinator", {})])
            self._start("tablet", [tablet_heap, TABLET],
                        ["--configDir", self._server_config("tablet", {"tablet-server.id": "0"})])
        except BaseException:
            self.stop()
            raise

    def _zookeeper_config(self):
        path = self.folder / "zookeeper.properties"
        path.write_text(f"dataDir={self.folder}/zk\nclientPort={self.ports['zookeeper']}\nclientPortAddress=127.0.0.1\n"
                        "maxClientCnxns=0\nadmin.enableServer=false\n", "utf-8")
        return path

    def _server_config(self, name, more):
        folder = self.folder / name
        folder.mkdir()
        options = {"zookeeper.address": f"127.0.0.1:{self.ports['zookeeper']}", "zookeeper.path.root": "/fluss",
                   "default.bucket.number": "1", "default.replication.factor": "1",
                   "remote.data.dir": f"{self.folder}/remote", "data.dir": f"{self.folder}/data",
                   "bind.listeners": self._listeners(name)} | more | self.options
        (folder / "server.yaml").write_text("".join(f"{key}: {value}\n" for key, value in options.items()), "utf-8")
        return folder

    def _listeners(self, name):
        if name not in self.inner_ports:
            return f"FLUSS://127.0.0.1:{self.ports[name]}"
        return f"FLUSS://127.0.0.1:{self.inner_ports[name]}, CLIENT://127.0.0.1:{self.ports[name]}"

    def _start(self, name, java, arguments):
        begin = time.monotonic()
        *options, main = java
        command = self.jdk.command(*options, "-XX:+UseG1GC", f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties",
                                   "-cp", self.classpath, main, *arguments)
        with open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.processes[name] = process
        while not listens(self.ports[name]):
            if process.poll() is not None or time.monotonic() - begin > START_SECONDS_MAX:
                raise ClusterError(f"Fluss's {name} does not listen (status {process.poll()}):\n{self.log(name)}")
            time.sleep(0.02)
        self.start_seconds[name] = time.monotonic() - begin

    def log(self, name):
        """The end of a server's log."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")[-4000:]

    def pids(self):
        return [process.pid for process in self.processes.values()]

    def stop(self):
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.directory.cleanup()


def login_options(users):
    """Of a server whose listener CLIENT takes the users, and gives them what their rights allow."""
    passwords = " ".join(f'user_{name}="{password}"' for name, password in users.items())
    return {"security.protocol.map": "CLIENT:sasl", "security.sasl.enabled.mechanisms": "plain",
            "security.sasl.plain.jaas.config":
                f"org.apache.fluss.security.auth.sasl.plain.PlainLoginModule required {passwords};",
            "authorizer.enabled": "true", "super.users": f"User:{next(iter(users))}"}


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def main():
    jdk = jvm.find_jdk()
    if jdk is None:
        print("Fluss needs Maven and a JDK (JAVA_HOME)", file=sys.stderr)
        return 77
    cluster = FlussCluster(jdk)
    try:
        print(f"bootstrap={cluster.bootstrap}", flush=True)
        for name, seconds in cluster.start_seconds.items():
            print(f"{name}: pid {cluster.processes[name].pid}, listens after {seconds:.1f} s", flush=True)
        while os.read(0, 4096):
            pass
    finally:
        cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
