"""A Forebay server as a child process, and its SQL over HTTP. Used by the suites that start, kill and damage servers."""
import http.client
import json
import os
import signal
import subprocess
import time

START_SECONDS_MAX = 60


class SqlError(Exception):
    """A statement's error, with the code and hint the server gave."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')} [{error.get('hint', '')}]")
        self.code = error.get("code")
        self.message = error.get("message", "")
        self.hint = error.get("hint", "")


class StartError(Exception):
    """The program ended instead of serving; `status` is its exit status, negative for a signal."""

    def __init__(self, status, stderr):
        super().__init__(f"exit status {status}: {stderr.strip()[-2000:]}")
        self.status = status
        self.stderr = stderr


class Server:
    """Starts on a free port. Its stderr is appended to `log_path`. Thread-safe but for stop and kill."""

    def __init__(self, program, data_dir, log_path, failpoints="", extra=(), environment=None):
        self.log_path = log_path
        environment = os.environ | (environment or {})
        environment.pop("FOREBAY_FAILPOINTS", None)
        if failpoints:
            environment["FOREBAY_FAILPOINTS"] = failpoints
        self.log_start = os.path.getsize(log_path) if os.path.exists(log_path) else 0
        begin = time.monotonic()
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                [program, "server", "--http-port", "0", "--data-dir", data_dir, *extra],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=environment)
        self.port = self._read_port()
        self.start_seconds = time.monotonic() - begin

    def _read_port(self):
        line = self.process.stdout.readline().decode()
        if not line.startswith("http_port="):
            status = self.process.wait(START_SECONDS_MAX)
            self.process.stdout.close()
            raise StartError(status, self.stderr())
        return int(line.strip().split("=")[1])

    def stderr(self):
        with open(self.log_path, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode("utf-8", "replace")

    def request(self, method, path, body=None, headers=None, timeout=30):
        """(status, body) of one HTTP request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def sql(self, script, timeout=30):
        """The results of a script's statements; raises SqlError at the first error."""
        _, body = self.request("POST", "/api/v1/sql", script.encode(), timeout=timeout)
        document = json.loads(body)
        if "results" not in document:
            raise SqlError(document.get("error", {"message": body.decode("utf-8", "replace")}))
        for result in document["results"]:
            if "error" in result:
                raise SqlError(result["error"])
        return document["results"]

    def query(self, select, timeout=30):
        """The rows of one batch query."""
        script = f"SET 'execution.runtime-mode' = 'batch';\n{select};"
        return [tuple(row) for row in self.sql(script, timeout)[-1]["rows"]]

    def insert(self, table, values):
        """Its rows are there when it returns."""
        self.sql(f"SET 'execution.runtime-mode' = 'batch'; SET 'table.dml-sync' = 'true'; INSERT INTO {table} VALUES {values};")

    def running(self):
        return self.process.poll() is None

    def ends_within(self, seconds):
        """Whether it ends by itself: a process with much memory needs a while to go, on a busy machine."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        """kill -9, or nothing when it is gone; returns the exit status."""
        if self.running():
            self.process.send_signal(signal.SIGKILL)
        return self._reap()

    def stop(self, timeout=30):
        """An orderly end; returns the exit status."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
        return self._reap()

    def _reap(self):
        status = self.process.wait()
        self.process.stdout.close()
        return status
