"""What a server acknowledged to one writer of a log table and of a primary-key table, and whether it is all there."""
import base64
import json
import os

from checks import Failure

TEXT_BYTES = 750  # three quarters of what they are as text
ROWS_PER_REQUEST = 100
TABLES = """
CREATE TABLE log (id BIGINT, v STRING) WITH ('table.log.segment.file-size' = '2mb');
CREATE TABLE pk (k BIGINT NOT NULL, v STRING, id BIGINT, PRIMARY KEY (k) NOT ENFORCED)
  WITH ('table.log.segment.file-size' = '2mb');
"""


def noise():
    """Text that no codec makes small."""
    return base64.b64encode(os.urandom(TEXT_BYTES)).decode()


class AckedRows:
    """Remembers what was sent to the tables of TABLES, and compares. Used by one thread."""

    def __init__(self, keys):
        self.keys = keys
        self.next_id = 0
        self.acked = {"log": set(), "pk": {}}    # ids; key -> the last acknowledged id
        self.unknown = {"log": set(), "pk": {}}  # ids; key -> ids that may be there

    def send(self, server, table):
        """One request's HTTP status and text; remembers its rows as acknowledged or unknown."""
        ids = range(self.next_id, self.next_id + ROWS_PER_REQUEST)
        self.next_id += ROWS_PER_REQUEST
        if table == "log":
            rows = [{"id": each, "v": f"{each} {noise()}"} for each in ids]
        else:
            rows = [{"k": each % self.keys, "v": f"{each} {noise()}", "id": each} for each in ids]
        body = "\n".join(map(json.dumps, rows)).encode()
        try:
            status, answer = server.request("POST", f"/ingest/v1/default_database/{table}", body,
                                            {"Content-Type": "application/x-ndjson"})
        except OSError as error:
            status, answer = 599, str(error).encode()
        self._remember(table, ids, status < 300)
        return status, answer.decode("utf-8", "replace")

    def _remember(self, table, ids, acknowledged):
        if table == "log":
            (self.acked if acknowledged else self.unknown)["log"].update(ids)
            return
        for each in ids:
            if acknowledged:
                self.acked["pk"][each % self.keys] = each
                self.unknown["pk"].pop(each % self.keys, None)
            else:
                self.unknown["pk"].setdefault(each % self.keys, []).append(each)

    def check_log(self, server):
        """Every acknowledged row of the log is there, once, and none that nobody wrote."""
        found = [row[0] for row in server.query("SELECT id FROM log")]
        ids = set(found)
        if len(ids) != len(found):
            raise Failure(f"log: {len(found) - len(ids)} rows are there twice")
        lost, strange = self.acked["log"] - ids, ids - self.acked["log"] - self.unknown["log"]
        if lost or strange:
            raise Failure(f"log: {len(lost)} acknowledged rows are lost, {len(strange)} were never written")

    def check_keys(self, server):
        """Every key has the last acknowledged row, or one that was sent after it."""
        rows = dict(server.query("SELECT k, id FROM pk"))
        for key, value in self.acked["pk"].items():
            if rows.get(key) != value and rows.get(key) not in self.unknown["pk"].get(key, []):
                raise Failure(f"pk: key {key} is {rows.get(key)}, {value} was acknowledged")

    def check(self, server):
        if not server.running():
            raise Failure(f"the server ended with {server.process.poll()}: {server.stderr()[-1000:]}")
        self.check_log(server)
        self.check_keys(server)
