"""Measures how long a row is on its way through a running query, and how soon a new query has its first row.

usage: bench/run latency [PROGRAM] [--seconds N] [--rate N] [--json FILE]

q7: bids are appended over HTTP, one request every 5 ms, durable when answered; their time runs a hundred times faster than the clock, so that a
window of 10 seconds ends every 0.1 s. Nexmark's q7 runs over the table as a stream to the client. What is measured is the time from sending the
request whose bids move the watermark past a window's end to the window's row at the client. First row: the time from sending a streaming query
over a stored table of 1,000 rows to its first rows. All on one machine, so one clock.
"""
import argparse
import datetime
import http.client
import json
import os
import pathlib
import random
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/harness"))
import forebay_server  # noqa: E402

EPOCH = datetime.datetime(2024, 1, 1)
WINDOW_MS = 10_000
WATERMARK_DELAY_MS = 4_000
STEP_SECONDS = 0.005
SPEED = 100  # event time against the clock
# The first windows of a run meet cold caches and connections.
WARM_UP_WINDOWS = 10

BIDS = """
CREATE TABLE bid (auction BIGINT, bidder BIGINT, price BIGINT, `dateTime` TIMESTAMP(3), extra STRING,
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND) WITH ('bucket.num' = '1');
"""
Q7 = """
SELECT B.auction, B.price, B.bidder, B1.`dateTime`
FROM bid B
JOIN (SELECT MAX(price) AS maxprice, window_end AS `dateTime`
      FROM TABLE(TUMBLE(TABLE bid, DESCRIPTOR(`dateTime`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end) B1
ON B.price = B1.maxprice
WHERE B.`dateTime` BETWEEN B1.`dateTime` - INTERVAL '10' SECOND AND B1.`dateTime`
"""


class Stream:
    """The rows of a streaming query, with the time at which each came."""

    def __init__(self, server, query):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.connection.request("POST", "/api/v1/sql", query.encode(), {"Accept": "application/x-ndjson"})
        self.answer = self.connection.getresponse()

    def batches(self):
        """(time, rows) of each line with rows."""
        while line := self.answer.readline():
            message = json.loads(line) if line.strip() else {}
            if "error" in message:
                raise forebay_server.SqlError(message["error"])
            if message.get("rows"):
                yield time.monotonic(), message["rows"]

    def close(self):
        self.connection.sock.close()


class Windows:
    """When each window could be known to have ended, and when its row came."""

    def __init__(self):
        self.sent = {}  # by the window's end in ms since EPOCH
        self.came = {}

    def read(self, stream):
        try:
            for now, rows in stream.batches():
                for row in rows:
                    end = datetime.datetime.fromisoformat(row[3].replace(" ", "T"))
                    self.came.setdefault(round((end - EPOCH).total_seconds() * 1000), now)
        except (OSError, ValueError, http.client.HTTPException):
            pass  # the stream was closed

    def latencies_ms(self):
        ends = sorted(self.sent)[WARM_UP_WINDOWS:]
        missing = [end for end in ends if end not in self.came]
        if missing:
            sys.exit(f"{len(missing)} of {len(ends)} windows gave no row, e.g. the one that ends {missing[0]} ms after the start")
        return sorted((self.came[end] - self.sent[end]) * 1000 for end in ends)


def send_bids(server, arguments, windows):
    """A request every STEP_SECONDS; notes which of them ended a window."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    prices = random.Random(7)
    per_request = max(1, round(arguments.rate * STEP_SECONDS))
    begin, known_end = time.monotonic(), 0
    for step in range(round(arguments.seconds / STEP_SECONDS)):
        wait = begin + step * STEP_SECONDS - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        at_ms = round(step * STEP_SECONDS * SPEED * 1000)
        text = (EPOCH + datetime.timedelta(milliseconds=at_ms)).isoformat(sep=" ", timespec="milliseconds")
        body = json.dumps([{"auction": prices.randrange(1000), "bidder": prices.randrange(1000), "price": prices.getrandbits(48),
                            "dateTime": text, "extra": "x" * 50} for _ in range(per_request)])
        ended = (at_ms - WATERMARK_DELAY_MS) // WINDOW_MS * WINDOW_MS
        if ended > known_end:
            windows.sent[ended], known_end = time.monotonic(), ended
        connection.request("POST", "/ingest/v1/default_database/bid", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        reply = answer.read()
        if answer.status != 200:
            sys.exit(f"ingest answers {answer.status}: {reply.decode('utf-8', 'replace')}")


def through_q7(server, arguments):
    windows, stream = Windows(), Stream(server, Q7)
    reader = threading.Thread(target=windows.read, args=(stream,))
    reader.start()
    send_bids(server, arguments, windows)
    deadline = time.monotonic() + 5
    while max(windows.sent) not in windows.came and time.monotonic() < deadline:
        time.sleep(0.05)
    stream.close()
    reader.join(5)
    return windows.latencies_ms()


def to_first_row(server, repeat):
    taken = []
    for _ in range(repeat):
        begin = time.monotonic()
        stream = Stream(server, "SELECT auction, COUNT(*) FROM known GROUP BY auction")
        now, _ = next(stream.batches())
        taken.append((now - begin) * 1000)
        stream.close()
    return sorted(taken)


def percentile(ordered, percent):
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/release/bin/forebay"))
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--rate", type=int, default=2000, help="bids a second")
    parser.add_argument("--json", help="file for the figures")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="forebay-latency-") as folder:
        server = forebay_server.Server(arguments.program, os.path.join(folder, "data"), os.path.join(folder, "log"))
        try:
            server.sql(BIDS)
            server.sql("CREATE TABLE known (auction BIGINT, price BIGINT) WITH ('bucket.num' = '1');")
            rows = json.dumps([{"auction": i % 100, "price": i} for i in range(1000)])
            server.request("POST", "/ingest/v1/default_database/known", rows, {"Content-Type": "application/json"})
            figures = {"q7_ms": through_q7(server, arguments), "first_row_ms": to_first_row(server, 50)}
        finally:
            server.stop()
    print("| | p50, ms | p99, ms | longest, ms | measured |")
    print("|---|---|---|---|---|")
    for name, taken in figures.items():
        print(f"| {name[:-3]} | {percentile(taken, 50):.1f} | {percentile(taken, 99):.1f} | {taken[-1]:.1f} | {len(taken)} |")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(figures) + "\n", "utf-8")
    return 0
