"""Reads a log table through the released Fluss client, whose old segments come from the object store.

usage: fluss_reader.py BOOTSTRAP DATABASE TABLE ROWS    prints how many rows came, how many ids, and their sum
"""
import asyncio
import sys
import time

import fluss

POLL_MS = 200
SECONDS_MAX = 60


async def read(bootstrap, database, name, rows):
    connection = await fluss.FlussConnection.create(fluss.Config({"bootstrap.servers": bootstrap}))
    table = await connection.get_table(fluss.TablePath(database, name))
    scanner = await table.new_scan().create_log_scanner()
    scanner.subscribe_buckets({0: fluss.EARLIEST_OFFSET})
    ids = []
    deadline = time.monotonic() + SECONDS_MAX
    while len(ids) < rows and time.monotonic() < deadline:
        ids += [record.row["id"] for record in await scanner.poll(POLL_MS)]
    return f"{len(ids)} {len(set(ids))} {sum(ids)}"


if __name__ == "__main__":
    print(asyncio.run(read(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
