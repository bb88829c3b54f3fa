"""SeaweedFS, an object store that speaks S3, as a child process with a directory of its own."""
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

ACCESS_KEY = "forebay"
# Characters that mean something in a URI.
SECRET_KEY = "s3/cr+t=key"
START_SECONDS_MAX = 60
# SeaweedFS serves gRPC of each of its parts at the port above by this.
GRPC_DISTANCE = 10_000


def free_ports(count):
    """Ports below the range of outgoing connections, free together with their gRPC twins."""
    ports, probes = [], []
    candidate = 11_000 + os.getpid() * 16 % 10_000
    while len(ports) < count:
        candidate += 1
        try:
            for port in (candidate, candidate + GRPC_DISTANCE):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", port))
            ports.append(candidate)
        except OSError:
            continue
    for probe in probes:
        probe.close()
    return ports


class ObjectStore:
    """Started at construction; may be stopped and started again on its port."""

    def __init__(self, weed, directory):
        self.weed = weed
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.ports = free_ports(4)
        self.port = self.ports[3]
        identity = {"name": "forebay", "actions": ["Admin", "Read", "Write", "List"],
                    "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]}
        self.config = self.directory / "s3.json"
        self.config.write_text(json.dumps({"identities": [identity]}))
        self.start()

    def start(self):
        master, volume, filer, s3 = self.ports
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.weed, f"-logdir={self.directory}", "server", f"-dir={self.directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                 f"-master.port={master}", f"-volume.port={volume}", "-master.volumeSizeLimitMB=64", "-filer",
                 f"-filer.port={filer}", f"-filer.localSocket={self.directory}/filer.sock", "-s3", f"-s3.port={s3}",
                 f"-s3.localSocket={self.directory}/s3.sock", f"-s3.config={self.config}", "-s3.port.iceberg=0",
                 "-s3.port.lance=0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("SeaweedFS did not start:\n" + (self.directory / "log").read_text()[-3000:])
            time.sleep(0.2)

    def _answers(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1)
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
