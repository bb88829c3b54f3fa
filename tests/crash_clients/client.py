"""Writes through the released Python client until it is told to stop, and notes in a journal what it sent and what was acknowledged.

usage: client.py write BOOTSTRAP JOURNAL NUMBER SEED LOG PK    rows into the tables LOG and PK of the database crash; SIGTERM ends it
       client.py count BOOTSTRAP LOG                           prints how many rows LOG has, how many different, and their sum

The journal has a line for each event: `send log ID`, `ack log ID`, `send pk KEY VALUE` (VALUE - deletes), `ack pk KEY VALUE`,
`send create NAME`, `ack create NAME`, `send drop NAME`, `ack drop NAME`, `wrong TEXT`, `error TEXT`, `done`.
"""
import asyncio
import os
import random
import signal
import sys

import fluss
import pyarrow as pa

DATABASE = "crash"
LOG_WRITERS = 2
PK_WRITERS = 3
KEYS_PER_WRITER = 15
ROWS_MAX = 8
PAUSE_SECONDS = 0.01
DDL_PAUSE_SECONDS = 0.1
RETRY_SECONDS = 0.05
IDS_PER_CLIENT = 10**9
LAST_ACKS_SECONDS_MAX = 30


class Client:
    """One connection, whose writers live through the server's deaths. All in one thread."""

    def __init__(self, connection, journal, number, seed, log, pk):
        self.connection = connection
        self.journal = journal
        self.next_id = number * IDS_PER_CLIENT
        self.number = number
        self.random = random.Random(seed)
        self.log, self.pk = log, pk
        self.stopping = asyncio.Event()

    def note(self, *words):
        self.journal.write(" ".join(map(str, words)).replace("\n", " ") + "\n")

    def new_id(self):
        self.next_id += 1
        return self.next_id

    async def pause(self, seconds):
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except asyncio.TimeoutError:
            pass

    async def table(self, name):
        while True:
            try:
                return await self.connection.get_table(fluss.TablePath(DATABASE, name))
            except fluss.FlussError as error:
                self.note("error", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def write_log(self):
        writer = (await self.table(self.log)).new_append().create_writer()
        while not self.stopping.is_set():
            ids = [self.new_id() for _ in range(self.random.randint(1, ROWS_MAX))]
            for row_id in ids:
                self.note("send log", row_id)
            handles = [self.begin(writer.append, [row_id, row_id % 7, f"text {row_id}"]) for row_id in ids]
            for row_id, handle in zip(ids, handles):
                await self.acknowledged(handle, "log", row_id)
            await self.pause(PAUSE_SECONDS)

    def begin(self, write_row, row):
        """None when the client refuses: while it looks for the server again it knows no table."""
        try:
            return write_row(row)
        except fluss.FlussError as error:
            self.note("error", row, error)
            return None

    async def acknowledged(self, handle, *words):
        if handle is None:
            return False
        try:
            await handle.wait()
            self.note("ack", *words)
            return True
        except fluss.FlussError as error:
            self.note("error", *words, error)
            return False

    async def write_pk(self, index):
        table = await self.table(self.pk)
        writer = table.new_upsert().create_writer()
        lookuper = table.new_lookup().create_lookuper()
        first = (self.number * PK_WRITERS + index) * KEYS_PER_WRITER
        while not self.stopping.is_set():
            key = first + self.random.randrange(KEYS_PER_WRITER)
            if self.random.random() < 0.15:
                value = None
                self.note("send pk", key, "-")
                handle = self.begin(writer.delete, {"k": key})
            else:
                value = self.new_id()
                self.note("send pk", key, value)
                handle = self.begin(writer.upsert, [key, value])
            if await self.acknowledged(handle, "pk", key, "-" if value is None else value):
                await self.look_up(lookuper, key, value)
            await self.pause(PAUSE_SECONDS)

    async def look_up(self, lookuper, key, value):
        """What was acknowledged is there at once."""
        if self.random.random() > 0.2:
            return
        try:
            row = await lookuper.lookup({"k": key})
        except fluss.FlussError as error:
            self.note("error", "lookup", key, error)
            return
        found = None if row is None else row["v"]
        if found != value:
            self.note("wrong", f"key {key}: {value} was acknowledged, the lookup finds {found}")

    async def change_tables(self):
        admin = self.connection.get_admin()
        schema = fluss.Schema(pa.schema([("k", pa.int32()), ("v", pa.string())]), primary_keys=["k"])
        while not self.stopping.is_set():
            name = f"made_{self.new_id()}"
            path = fluss.TablePath(DATABASE, name)
            try:
                self.note("send create", name)
                await admin.create_table(path, fluss.TableDescriptor(schema, bucket_count=2), False)
                self.note("ack create", name)
                if self.random.random() < 0.7:
                    self.note("send drop", name)
                    await admin.drop_table(path, False)
                    self.note("ack drop", name)
            except fluss.FlussError as error:
                self.note("error", name, error)
            await self.pause(DDL_PAUSE_SECONDS)

    async def run(self):
        tasks = [self.write_log() for _ in range(LOG_WRITERS)]
        tasks += [self.write_pk(index) for index in range(PK_WRITERS)]
        tasks = [asyncio.ensure_future(task) for task in tasks + [self.change_tables()]]
        for task in asyncio.as_completed(tasks):
            try:
                await task
            except Exception as error:  # pylint: disable=broad-except
                self.note("wrong", f"a task ended: {error!r}")


async def connect(bootstrap, journal):
    config = fluss.Config({"bootstrap.servers": bootstrap})
    config.writer_batch_timeout_ms = 1
    config.connect_timeout_ms = 2000
    while True:
        try:
            return await fluss.FlussConnection.create(config)
        except fluss.FlussError as error:
            journal.write(f"error connect {error}\n")
            await asyncio.sleep(RETRY_SECONDS)


async def write(bootstrap, path, number, seed, log, pk):
    # A line is in the file when the call returns: the process may be killed at any time.
    with open(path, "a", buffering=1, encoding="utf-8") as journal:
        connection = await connect(bootstrap, journal)
        client = Client(connection, journal, int(number), int(seed), log, pk)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, client.stopping.set)
        journal.write("started\n")
        await client.run()
        journal.write("done\n")


async def count(bootstrap, log):
    config = fluss.Config({"bootstrap.servers": bootstrap})
    connection = await fluss.FlussConnection.create(config)
    table = await connection.get_table(fluss.TablePath(DATABASE, log))
    scanner = await table.new_scan().create_record_batch_log_scanner()
    buckets = table.get_table_info().num_buckets
    scanner.subscribe_buckets({bucket: fluss.EARLIEST_OFFSET for bucket in range(buckets)})
    ids = (await scanner.to_arrow()).column("id").to_pylist()
    print(len(ids), len(set(ids)), sum(ids), flush=True)


def main():
    modes = {"write": write, "count": count}
    asyncio.run(modes[sys.argv[1]](*sys.argv[2:]))
    sys.stdout.flush()
    # The client's own threads may outlive the interpreter and crash it on its way out.
    os._exit(0)


if __name__ == "__main__":
    main()
