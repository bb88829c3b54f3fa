"""Writes and reads two tables while a client of another kind does the same: a part of tests/compat/run's run_together.

usage: together_client.py BOOTSTRAP DATABASE ROWS KEYS
"""
import asyncio
import sys
import time

import fluss

NAME = "python"
READ_SECONDS_MAX = 60


async def read(scanner, wait_ms, seen):
    for record in await scanner.poll(wait_ms):
        row = (record.row["name"], record.row["id"])
        if row in seen:
            raise AssertionError(f"twice: {row}")
        seen.add(row)


async def main(bootstrap, database, rows, keys):
    config = fluss.Config({"bootstrap.servers": bootstrap})
    connection = await fluss.FlussConnection.create(config)
    events = await connection.get_table(fluss.TablePath(database, "events"))
    states = await connection.get_table(fluss.TablePath(database, "states"))
    appender, upserter = events.new_append().create_writer(), states.new_upsert().create_writer()
    scanner = await events.new_scan().create_log_scanner()
    scanner.subscribe_buckets({bucket: fluss.EARLIEST_OFFSET for bucket in range(events.get_table_info().num_buckets)})
    seen = set()
    for i in range(rows):
        appender.append({"id": i, "name": NAME, "score": i})
        upserter.upsert({"id": 2 * (i % keys) + 1, "name": NAME, "score": i})
        if i % 50 == 0:
            await appender.flush()
            await upserter.flush()
            await read(scanner, 1, seen)
    await appender.flush()
    await upserter.flush()
    deadline = time.monotonic() + READ_SECONDS_MAX
    while len(seen) < 2 * rows and time.monotonic() < deadline:
        await read(scanner, 200, seen)
    if len(seen) != 2 * rows:
        raise AssertionError(f"read {len(seen)} rows of {2 * rows}")
    print(f"ok      {NAME} wrote its rows and read all", flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
