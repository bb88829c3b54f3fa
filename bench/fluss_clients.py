"""Measures Forebay side by side with a real Apache Fluss server, through the same released Java client.

usage: bench/run fluss [PROGRAM] [--rows N] [--repeat N] [--measure NAME,...] [--no-peer] [--json FILE] [--markdown FILE]

Measures: append-1, append-4, scan-8, scan-1, upsert, lookup, latency, start; all unless told. scan needs append-1 and lookup needs
upsert. The two servers take turns; each turn begins with an empty server. Of the figures of all turns the median counts.
Exits with 77 without Maven or a JDK. See docs/benchmarks.md.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench/peers"))
sys.path.insert(0, str(ROOT / "bench/peers/fluss"))
import jvm  # noqa: E402
from fluss_cluster import FlussCluster  # noqa: E402

MEASURES = ["append-1", "append-4", "scan-8", "scan-1", "upsert", "lookup", "latency"]
CLIENT = ROOT / "bench/peers/fluss/client"
CLIENT_SECONDS_MAX = 900
STOP_SECONDS_MAX = 60
SETTLE_SECONDS = 2
SKIPPED = 77
# measure, its name in the table, is a first-class row of the table
ROWS = [("append-1", "append, 1 bucket"), ("append-4", "append, 4 buckets"), ("scan-8", "scan, 8 of 8 columns"),
        ("scan-1", "scan, 1 of 8 columns"), ("upsert-load", "upsert, first load"), ("upsert-update", "upsert, update"),
        ("lookup", "lookup, 1,024 in flight")]
LATENCIES = [("ack", "append to ack at 200/s"), ("poll", "append to poll at 200/s")]


class ForebayServer:
    """A Forebay server with an empty directory of its own."""

    def __init__(self, program):
        self.directory = tempfile.TemporaryDirectory(prefix="forebay-bench-")
        folder = pathlib.Path(self.directory.name)
        (folder / "forebay.yaml").write_text("", "utf-8")
        begin = time.monotonic()
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, "server", "--config", folder / "forebay.yaml", "--http-port", "0", "--fluss-port", "0",
                 "--fluss-tablet-port", "0", "--data-dir", folder / "data"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        ports = dict(self.process.stdout.readline().strip().split("=") for _ in range(3))
        self.start_seconds = {"server": time.monotonic() - begin}
        self.bootstrap = "127.0.0.1:" + ports["fluss_port"]

    def pids(self):
        return [self.process.pid]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.directory.cleanup()


def memory_mb(server):
    """Resident memory of all its processes."""
    total = 0
    for pid in server.pids():
        status = pathlib.Path(f"/proc/{pid}/status").read_text("utf-8")
        total += int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    return total / 1024


def run_client(jdk, server, rows, measures):
    jars = jdk.classpath(CLIENT)
    classes = CLIENT / "target/classes"
    jdk.compile(sorted(CLIENT.glob("src/main/java/forebay/bench/*.java")), classes, jars)
    command = jdk.command("-Xmx2g", "-XX:MaxDirectMemorySize=2g", "-cp", f"{classes}:{jars}", "forebay.bench.ClientBench",
                          server.bootstrap, ",".join(map(str, server.pids())), rows, *measures)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=CLIENT_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the client failed:\n{done.stdout[-500:]}{done.stderr[-3000:]}")
    results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {result.pop("measure"): result for result in results}


def run_turn(jdk, make_server, arguments):
    """All measures of one server, from its start to its end."""
    server = make_server()
    try:
        time.sleep(SETTLE_SECONDS)
        figures = {"start": {"seconds": sum(server.start_seconds.values()), "memory_idle_mb": memory_mb(server)}}
        # Latency has settings of its own, and an upsert shows what it leaves in memory.
        for measures in (["append-1", "scan-8", "scan-1", "append-4"], ["upsert", "lookup"], ["latency"]):
            wanted = [each for each in measures if each in arguments.measures]
            if wanted:
                figures |= run_client(jdk, server, arguments.rows, wanted)
            if "upsert" in wanted:
                figures["upsert-load"]["memory_after_mb"] = memory_mb(server)
        return figures
    finally:
        server.stop()


def median(turns, measure, figure):
    values = [turn[measure][figure] for turn in turns if figure in turn.get(measure, {})]
    return statistics.median(values) if values else None


def cpu_per_row(turns, measure):
    values = [turn[measure]["server_cpu_seconds"] / turn[measure]["rows"] * 1e6 for turn in turns if measure in turn]
    return statistics.median(values) if values else None


def rows_per_second(turns, measure):
    values = [turn[measure]["rows"] / turn[measure]["seconds"] for turn in turns if measure in turn]
    return statistics.median(values) if values else None


def cell(value, form):
    return "-" if value is None else form.format(value)


def ratio(large, small):
    """How many times more."""
    return "-" if large is None or not small else f"{large / small:.1f}"


def table(results):
    """The figures as Markdown."""
    ours, theirs = results["forebay"], results.get("fluss", [])
    lines = ["| | Forebay rows/s | Fluss rows/s | times | Forebay server µs/row | Fluss server µs/row | times less |",
             "|---|---|---|---|---|---|---|"]
    for measure, name in ROWS:
        a, b = rows_per_second(ours, measure), rows_per_second(theirs, measure)
        c, d = cpu_per_row(ours, measure), cpu_per_row(theirs, measure)
        if a is not None:
            lines.append(f"| {name} | {cell(a, '{:,.0f}')} | {cell(b, '{:,.0f}')} | {ratio(a, b)} | "
                         f"{cell(c, '{:.3f}')} | {cell(d, '{:.3f}')} | {ratio(d, c)} |")
    lines += ["", "| | Forebay | Fluss | times less |", "|---|---|---|---|"]
    figures = [("lookup", f"latency_{part}_ms", f"lookup, 1,024 in flight, {part}, ms", "{:.2f}") for part in ("p50", "p99")]
    figures += [("latency", f"{each}_{part}_ms", f"{name}, {part}, ms", "{:.2f}")
                for each, name in LATENCIES for part in ("p50", "p99")]
    figures += [("start", "seconds", "start until it listens, s", "{:.2f}"),
                ("start", "memory_idle_mb", "resident memory, idle, MB", "{:.0f}"),
                ("upsert-load", "memory_after_mb", "resident memory after the upserts and lookups, MB", "{:.0f}")]
    for measure, figure, name, form in figures:
        a, b = median(ours, measure, figure), median(theirs, measure, figure)
        if a is not None:
            lines.append(f"| {name} | {cell(a, form)} | {cell(b, form)} | {ratio(b, a)} |")
    return lines


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/release/bin/forebay"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--measure", default=",".join(MEASURES))
    parser.add_argument("--no-peer", action="store_true", help="our figures only")
    parser.add_argument("--json", help="file for all turns' figures")
    parser.add_argument("--markdown", help="file for the table")
    arguments = parser.parse_args(argv)
    arguments.measures = arguments.measure.split(",")
    unknown = set(arguments.measures) - set(MEASURES) - {"start"}
    if unknown:
        parser.error(f"no such measure: {', '.join(sorted(unknown))}; there are {' '.join(MEASURES)}")
    return arguments


def main(argv):
    arguments = parse_arguments(argv)
    jdk = jvm.find_jdk()
    if jdk is None:
        print("bench: Maven or a JDK is missing", file=sys.stderr)
        return SKIPPED
    program = os.path.abspath(arguments.program)
    makers = {"fluss": lambda: FlussCluster(jdk), "forebay": lambda: ForebayServer(program)}
    if arguments.no_peer:
        del makers["fluss"]
    results = {name: [] for name in makers}
    for turn in range(1, arguments.repeat + 1):
        for name, make in makers.items():
            results[name].append(run_turn(jdk, make, arguments))
            print(f"turn {turn}: {name}: {json.dumps(results[name][-1])}", flush=True)
    lines = table(results)
    print("\n".join(lines), flush=True)
    if arguments.json:
        settings = {"rows": arguments.rows, "cores": os.cpu_count(), "java": jdk.major}
        pathlib.Path(arguments.json).write_text(json.dumps(settings | results, indent=2) + "\n", "utf-8")
    if arguments.markdown:
        pathlib.Path(arguments.markdown).write_text("\n".join(lines) + "\n", "utf-8")
    return 0
