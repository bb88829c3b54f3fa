"""Measures a job with much state: how long checkpoints hold rows up, and what a budget of memory below the state costs.

usage: bench/run state [PROGRAM] [--keys N] [--rows N] [--memory SIZE,SIZE...] [--interval TIME]

A job counts and sums random rows by one of N keys (12 million: about a gigabyte of state) into a blackhole, with a checkpoint every
second, on two shards. Each --memory is one run ('' is the default: more than the state). Printed: rows a second, CPU a row, state, what
of it was on disk, peak memory of the process, checkpoints, and the longest time that one held rows up on a shard.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/harness"))
import forebay_server  # noqa: E402
import warm_memory  # noqa: E402

SCRIPT = """
CREATE TABLE src (k BIGINT, v BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000', 'number-of-rows' = '{rows}',
  'fields.k.min' = '1', 'fields.k.max' = '{keys}', 'fields.v.min' = '0', 'fields.v.max' = '1000');
CREATE TABLE totals (k BIGINT, n BIGINT, s BIGINT, m BIGINT) WITH ('connector' = 'blackhole');
SET 'parallelism.default' = '2';
SET 'execution.checkpointing.interval' = '{interval}';
{memory}
INSERT INTO totals SELECT k, COUNT(*), SUM(v), MAX(v) FROM src GROUP BY k;
"""


def process_figures(pid):
    """(CPU seconds, peak resident MiB, resident MiB that no file backs)"""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        ticks = sum(int(field) for field in stat.read().rsplit(")", 1)[1].split()[11:13])
    lines = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status", encoding="ascii"))
    return ticks / os.sysconf("SC_CLK_TCK"), int(lines["VmHWM"].split()[0]) // 1024, int(lines["RssAnon"].split()[0]) // 1024


def measure(arguments, memory):
    with tempfile.TemporaryDirectory(prefix="forebay-state-") as folder:
        server = forebay_server.Server(arguments.program, os.path.join(folder, "data"), os.path.join(folder, "log"))
        setting = f"SET 'taskmanager.memory.managed.size' = '{memory}';" if memory else ""
        begin = time.monotonic()
        results = server.sql(SCRIPT.format(rows=arguments.rows, keys=arguments.keys, memory=setting, interval=arguments.interval))
        job, anonymous, graph = results[-1]["jobId"], 0, {}
        while True:
            latest = json.loads(server.request("GET", f"/api/v1/jobs/{job}/graph")[1])
            if latest["status"] != "RUNNING":
                break
            graph = latest
            anonymous = max(anonymous, process_figures(server.process.pid)[2])
            time.sleep(0.2)
        seconds = time.monotonic() - begin
        cpu, peak, _ = process_figures(server.process.pid)
        server.kill()
        if latest["status"] != "FINISHED":
            sys.exit(f"the job is {latest['status']}: {server.stderr()[-1000:]}")
        state = sum(op["stateBytes"] for op in graph["operators"]) >> 20
        checkpoints = latest["checkpoints"]
        print(f"| {memory or 'default'} | {arguments.rows / seconds:,.0f} | {cpu * 1e6 / arguments.rows:.2f} us | {state} MiB | "
              f"{graph['state']['spilledBytes'] >> 20} MiB | {peak} / {anonymous} MiB | {checkpoints['completed']} | "
              f"{checkpoints['longestPauseMs']:.1f} ms |", flush=True)


def main(words):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program", nargs="?", default=str(ROOT / "build/release/bin/forebay"))
    parser.add_argument("--keys", type=int, default=12_000_000)
    parser.add_argument("--rows", type=int, default=40_000_000)
    parser.add_argument("--memory", default=",256mb")
    parser.add_argument("--interval", default="1s")
    arguments = parser.parse_args(words)
    print("| memory for state | rows/s | CPU a row | state | on disk | peak memory, all / not of files | checkpoints | longest pause |")
    print("|---|---|---|---|---|---|---|---|")
    for memory in arguments.memory.split(","):
        warm_memory.warm()
        measure(arguments, memory)
    return 0
