"""Uses a server through the released Python client and compares with results that are written down here.

usage: python_client.py BOOTSTRAP [HTTP_PORT]

With the HTTP port of a Forebay server its SQL works on the same tables; without it any Fluss server will do.
"""
import asyncio
import datetime
import decimal
import json
import os
import sys
import time
import traceback
import urllib.request

import fluss
import pyarrow as pa

DATABASE = "compat_python"
POLL_MS = 200
DEADLINE_SECONDS = 20
TABLE_NOT_EXIST = 7
LOG_COLUMNS = [("id", pa.int32()), ("name", pa.string()), ("score", pa.float64())]
ROW_COLUMNS = [("id", pa.int32()), ("name", pa.string()), ("score", pa.int64())]


def equal(expected, actual, what):
    if expected != actual:
        raise AssertionError(f"{what}: expected {expected!r}, got {actual!r}")


class Sql:
    """Forebay's SQL over HTTP."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api/v1/sql"

    def query(self, statement):
        script = ("SET 'execution.runtime-mode' = 'batch'; SET 'table.dml-sync' = 'true'; "
                  + statement + ";")
        with urllib.request.urlopen(urllib.request.Request(self.url, script.encode()), timeout=30) as answer:
            results = json.load(answer)["results"]
        for result in results:
            if "error" in result:
                raise AssertionError(f"{statement}: {result['error']}")
        return results[-1].get("rows")


class Client:
    def __init__(self, connection, sql):
        self.connection = connection
        self.admin = connection.get_admin()
        self.sql = sql

    async def create(self, name, columns, primary_keys=None, buckets=1, bucket_keys=None, properties=None):
        path = fluss.TablePath(DATABASE, name)
        schema = fluss.Schema(pa.schema(columns), **({"primary_keys": primary_keys} if primary_keys else {}))
        options = {"bucket_count": buckets}
        if bucket_keys:
            options["bucket_keys"] = bucket_keys
        if properties:
            options["properties"] = properties
        descriptor = fluss.TableDescriptor(schema, **options)
        await self.admin.create_table(path, descriptor, False)
        return await self.new_table(path)

    async def new_table(self, path):
        """A table that was just created: tablet servers of a real cluster may not know it yet, Forebay must."""
        deadline = time.monotonic() + (DEADLINE_SECONDS if self.sql is None else 0)
        while True:
            try:
                return await self.connection.get_table(path)
            except fluss.FlussError as error:
                if error.error_code != TABLE_NOT_EXIST or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(POLL_MS / 1000)

    @staticmethod
    async def read(table, count, columns=None, buckets=1):
        """The records of all buckets as (change, row)."""
        scan = table.new_scan()
        if columns is not None:
            scan = scan.project_by_name(columns)
        scanner = await scan.create_log_scanner()
        scanner.subscribe_buckets({bucket: fluss.EARLIEST_OFFSET for bucket in range(buckets)})
        records = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(records) < count and time.monotonic() < deadline:
            for record in await scanner.poll(POLL_MS):
                records.append((record.change_type.short_string(), record.row))
        return records

    # ---- the cases ----

    async def case_admin(self):
        await self.admin.create_database(DATABASE, fluss.DatabaseDescriptor(comment="of Python"), False)
        equal(True, await self.admin.database_exists(DATABASE), "exists")
        equal(True, DATABASE in await self.admin.list_databases(), "listed")
        info = await self.admin.get_database_info(DATABASE)
        equal("of Python", info.get_database_descriptor().comment, "comment")
        table = await self.create("admin", ROW_COLUMNS, ["id"], 3)
        equal(True, table.has_primary_key(), "primary key")
        equal(["admin"], await self.admin.list_tables(DATABASE), "tables")
        info = await self.admin.get_table_info(fluss.TablePath(DATABASE, "admin"))
        equal(3, info.num_buckets, "buckets")
        equal(["id"], info.get_primary_keys(), "primary keys")
        try:
            await self.create("admin", ROW_COLUMNS, ["id"], 3)
            raise AssertionError("a table was created twice")
        except fluss.FlussError as error:
            equal(8, error.error_code, "TABLE_ALREADY_EXIST")
        await self.admin.drop_table(fluss.TablePath(DATABASE, "admin"), False)
        equal(False, await self.admin.table_exists(fluss.TablePath(DATABASE, "admin")), "dropped")

    async def case_log(self):
        table = await self.create("log", LOG_COLUMNS)
        writer = table.new_append().create_writer()
        expected = [{"id": i, "name": None if i == 3 else f"row {i}", "score": i / 4} for i in range(10)]
        for row in expected:
            writer.append(row)
        await writer.flush()
        equal([("+A", row) for row in expected], await self.read(table, 10), "all columns")
        equal([("+A", {"score": row["score"]}) for row in expected],
              await self.read(table, 10, ["score"]), "projected")
        offsets = await self.admin.list_offsets(fluss.TablePath(DATABASE, "log"), [0],
                                                fluss.OffsetSpec.latest())
        equal({0: 10}, offsets, "latest offset")

    async def case_remote_log(self):
        """The log that the Java client wrote and whose begin is in remote storage, when its test runs too."""
        path = fluss.TablePath("compat_remote", "log")
        if not await self.admin.table_exists(path):
            return
        count = sum((await self.admin.list_offsets(path, [0, 1], fluss.OffsetSpec.latest())).values())
        table = await self.connection.get_table(path)
        records = await self.read(table, count, buckets=2)
        equal(list(range(count)), sorted(row["number"] for _, row in records), "numbers")

    async def case_arrow(self):
        table = await self.create("arrow", LOG_COLUMNS, buckets=2)
        batch = pa.table({"id": pa.array(range(5000), pa.int32()),
                          "name": [f"text {i}" for i in range(5000)],
                          "score": pa.array([i * 0.5 for i in range(5000)])})
        writer = table.new_append().create_writer()
        writer.write_arrow(batch)
        await writer.flush()
        scanner = await table.new_scan().create_record_batch_log_scanner()
        scanner.subscribe_buckets({0: fluss.EARLIEST_OFFSET, 1: fluss.EARLIEST_OFFSET})
        got = await scanner.to_arrow()
        equal(5000, got.num_rows, "rows")
        equal(sum(range(5000)), sum(got.column("id").to_pylist()), "sum")

    async def case_types(self):
        columns = [("flag", pa.bool_()), ("tiny", pa.int8()), ("small", pa.int16()), ("big", pa.int64()),
                   ("real4", pa.float32()), ("price", pa.decimal128(10, 2)), ("huge", pa.decimal128(30, 4)),
                   ("payload", pa.binary()), ("born", pa.date32()), ("at_time", pa.time32("s")),
                   ("ts", pa.timestamp("us")), ("ltz", pa.timestamp("us", tz="UTC"))]
        table = await self.create("types", columns)
        row = {"flag": True, "tiny": -128, "small": 32767, "big": -2**63, "real4": 1.5,
               "price": decimal.Decimal("12345678.90"),
               "huge": decimal.Decimal("-12345678901234567890.1234"), "payload": b"\0\xff",
               "born": datetime.date(1969, 12, 31), "at_time": datetime.time(23, 59, 58),
               "ts": datetime.datetime(2024, 5, 6, 7, 8, 9, 123456),
               "ltz": datetime.datetime(1960, 1, 1, 0, 0, 0, 1, tzinfo=datetime.timezone.utc)}
        writer = table.new_append().create_writer()
        writer.append(row)
        writer.append({name: None for name, _ in columns})
        await writer.flush()
        records = await self.read(table, 2)
        equal(row, records[0][1], "every type")
        equal([None] * len(columns), list(records[1][1].values()), "NULLs")

    async def case_rows(self):
        table = await self.create("rows", ROW_COLUMNS, ["id"], 2)
        writer = table.new_upsert().create_writer()
        for row in [(1, "one", 10), (2, "two", 20), (1, "uno", 11), (3, None, 30)]:
            await writer.upsert(list(row)).wait()
        await writer.delete({"id": 2}).wait()
        lookuper = table.new_lookup().create_lookuper()
        equal({"id": 1, "name": "uno", "score": 11}, await lookuper.lookup({"id": 1}), "updated")
        equal(None, await lookuper.lookup({"id": 2}), "deleted")
        equal({"id": 3, "name": None, "score": 30}, await lookuper.lookup({"id": 3}), "a NULL")
        changes = await self.read(table, 6, buckets=2)
        equal(sorted(["+I 1 one", "+I 2 two", "-U 1 one", "+U 1 uno", "+I 3 None", "-D 2 two"]),
              sorted(f"{kind} {row['id']} {row['name']}" for kind, row in changes), "changelog")
        partial = table.new_upsert().partial_update_by_name(["id", "score"]).create_writer()
        await partial.upsert({"id": 1, "score": 99}).wait()
        equal({"id": 1, "name": "uno", "score": 99}, await lookuper.lookup({"id": 1}), "partial update")

    async def case_merge_engines(self):
        columns = [("id", pa.int32()), ("v", pa.int64()), ("name", pa.string())]
        rows = [(1, 5, "five"), (1, 4, "four"), (1, None, "none"), (1, 5, "five again"), (2, None, "two")]
        engines = [
            ({"table.merge-engine": "first_row"}, ["+I five", "+I two"]),
            ({"table.merge-engine": "versioned", "table.merge-engine.versioned.ver-column": "v"},
             ["+I five", "-U five", "+U five again", "+I two"]),
            ({"table.changelog.image": "WAL"},
             ["+U five", "+U four", "+U none", "+U five again", "+U two"]),
            ({"table.merge-engine": "aggregation"},
             ["+I five", "-U five", "+U four", "-U four", "+U none", "-U none", "+U five again", "+I two"])]
        for number, (properties, expected) in enumerate(engines):
            table = await self.create(f"engine_{number}", columns, ["id"], properties=properties)
            writer = table.new_upsert().create_writer()
            for row in rows:
                await writer.upsert(list(row)).wait()
            changes = await self.read(table, len(expected))
            equal(expected, [f"{kind} {row['name']}" for kind, row in changes], str(properties))

    async def case_auto_increment(self):
        columns = [("id", pa.int32()), ("name", pa.string()), ("number", pa.int64())]
        schema = fluss.Schema(pa.schema(columns), primary_keys=["id"], auto_increment_column="number")
        path = fluss.TablePath(DATABASE, "numbered")
        await self.admin.create_table(path, fluss.TableDescriptor(schema, bucket_count=1), False)
        table = await self.new_table(path)
        equal(["number"], table.get_table_info().get_schema().get_auto_increment_columns(), "column")
        writer = table.new_upsert().partial_update_by_name(["id", "name"]).create_writer()
        for row in [{"id": 7, "name": "a"}, {"id": 8, "name": "b"}, {"id": 7, "name": "c"}]:
            await writer.upsert(row).wait()
        lookuper = table.new_lookup().create_lookuper()
        equal({"id": 7, "name": "c", "number": 1}, await lookuper.lookup({"id": 7}), "the first number stays")
        equal({"id": 8, "name": "b", "number": 2}, await lookuper.lookup({"id": 8}), "the next")

    async def case_prefix(self):
        columns = [("shop", pa.string()), ("day", pa.int32()), ("order_id", pa.int64()), ("amount", pa.float64())]
        table = await self.create("prefix", columns, ["shop", "day", "order_id"], 3, ["shop", "day"])
        writer = table.new_upsert().create_writer()
        for order in range(5):
            for shop, day in (("a", 1), ("a", 2), ("ab", 1)):
                writer.upsert([shop, day, order, order * 1.5])
        await writer.flush()
        lookuper = table.new_lookup().lookup_by(["shop", "day"]).create_lookuper()
        rows = await lookuper.lookup({"shop": "a", "day": 2})
        equal([0, 1, 2, 3, 4], [row["order_id"] for row in rows], "rows of a prefix")

    async def case_limit(self):
        table = await self.create("limited", ROW_COLUMNS, ["id"])
        writer = table.new_upsert().create_writer()
        for i in range(20):
            writer.upsert([i, f"n{i}", i])
        await writer.flush()
        bucket = fluss.TableBucket(table.get_table_info().table_id, 0)
        got = await table.new_scan().limit(5).create_bucket_batch_scanner(bucket).to_arrow()
        equal(5, got.num_rows, "five of twenty")

    async def case_sql(self):
        if self.sql is None:
            return
        table = await self.create("with_sql", ROW_COLUMNS, ["id"], 4)
        writer = table.new_upsert().create_writer()
        for i in range(100):
            writer.upsert([i, "python", i])
        await writer.flush()
        name = f"{DATABASE}.with_sql"
        equal([[100, 4950]], self.sql.query(f"SELECT COUNT(*), SUM(score) FROM {name}"), "SQL reads")
        self.sql.query(f"INSERT INTO {name} SELECT id, 'sql', score FROM {name} WHERE MOD(id, 2) = 1")
        lookuper = table.new_lookup().create_lookuper()
        wanted = range(0, 100, 5)  # a lookup waits 0.1 s for others to go with
        names = [(await lookuper.lookup({"id": i}))["name"] for i in wanted]
        equal(["sql" if i % 2 else "python" for i in wanted], names, "rows by SQL, found by Python")
        equal([[100]], self.sql.query(f"SELECT COUNT(*) FROM {name}"), "no row twice")

    async def case_materialized_tables(self):
        """What a job and a full refresh keep, by the lookups and the log of a client."""
        if self.sql is None:
            return
        orders = await self.create("orders", [("id", pa.int32()), ("shop", pa.string()), ("amount", pa.int64())], ["id"])
        writer = orders.new_upsert().create_writer()
        for row in ([1, "a", 10], [2, "a", 5], [3, "b", 7]):
            writer.upsert(row)
        await writer.flush()
        totals = f"SELECT shop, COUNT(*) AS n, SUM(amount) AS total FROM {DATABASE}.orders WHERE shop IS NOT NULL GROUP BY shop"
        kinds = {"live": "CONTINUOUS", "daily": "FULL"}
        for name, mode in kinds.items():
            self.sql.query(f"SET 'execution.checkpointing.interval' = '100ms'; CREATE MATERIALIZED TABLE {DATABASE}.{name} "
                           f"(shop STRING NOT NULL, n BIGINT NOT NULL, total BIGINT, PRIMARY KEY (shop) NOT ENFORCED) "
                           f"FRESHNESS = INTERVAL '1' {'SECOND' if mode == 'CONTINUOUS' else 'DAY'} REFRESH_MODE = {mode} AS "
                           f"SELECT COALESCE(shop, '') AS shop, n, total FROM ({totals})")
        for name in kinds:
            await self.until_found(name, {"a": (2, 15), "b": (1, 7)})
        writer.upsert([2, "b", 50])
        writer.delete({"id": 1})
        await writer.flush()
        await self.until_found("live", {"a": None, "b": (2, 57)})
        await self.until_found("daily", {"a": (2, 15), "b": (1, 7)})
        self.sql.query(f"ALTER MATERIALIZED TABLE {DATABASE}.daily REFRESH")
        await self.until_found("daily", {"a": None, "b": (2, 57)})
        table = await self.connection.get_table(fluss.TablePath(DATABASE, "daily"))
        changes = {(change, row["shop"], row["n"], row["total"]) for change, row in await self.read(table, 5)}
        equal(True, changes >= {("+I", "a", 2, 15), ("-D", "a", 2, 15), ("-U", "b", 1, 7), ("+U", "b", 2, 57)}, f"changes of a refresh: {changes}")
        for name in kinds:
            self.sql.query(f"DROP MATERIALIZED TABLE {DATABASE}.{name}")

    async def until_found(self, name, wanted):
        """Waits until lookups by shop find (n, total), or nothing."""
        table = await self.connection.get_table(fluss.TablePath(DATABASE, name))
        lookuper = table.new_lookup().create_lookuper()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            rows = {shop: await lookuper.lookup({"shop": shop}) for shop in wanted}
            found = {shop: None if row is None else (row["n"], row["total"]) for shop, row in rows.items()}
            if found == wanted or time.monotonic() > deadline:
                return equal(wanted, found, f"rows of {name}")

    async def case_partitions(self):
        columns = [("id", pa.int32()), ("day", pa.string()), ("score", pa.int64())]
        # A real server takes no writes to partitions of a table that is called "partitions".
        path = fluss.TablePath(DATABASE, "by_day")
        descriptor = fluss.TableDescriptor(fluss.Schema(pa.schema(columns)), partition_keys=["day"], bucket_count=1)
        await self.admin.create_table(path, descriptor, False)
        table = await self.new_table(path)
        await self.admin.create_partition(path, {"day": "a"})
        await self.admin.create_partition(path, {"day": "a"}, True)
        await self.fails(42, self.admin.create_partition(path, {"day": "a"}), "PARTITION_ALREADY_EXISTS")
        await self.fails(43, self.admin.create_partition(path, {"day": "no/slash"}), "PARTITION_SPEC_INVALID")
        await self.admin.create_partition(path, {"day": "b"})
        writer = table.new_append().create_writer()
        for i in range(20):
            writer.append({"id": i, "day": "a" if i % 2 else "b", "score": i * 10})
        await writer.flush()
        infos = {info.partition_name: info.partition_id for info in await self.admin.list_partition_infos(path)}
        equal(["a", "b"], sorted(infos), "partitions")
        equal(["b"], [info.partition_name for info in await self.admin.list_partition_infos(path, {"day": "b"})],
              "those of a value")
        equal({0: 10}, await self.admin.list_partition_offsets(path, "a", [0], fluss.OffsetSpec.latest()), "offsets")
        scanner = await table.new_scan().create_log_scanner()
        scanner.subscribe_partition_buckets({(partition, 0): fluss.EARLIEST_OFFSET for partition in infos.values()})
        rows, deadline = [], time.monotonic() + DEADLINE_SECONDS
        while len(rows) < 20 and time.monotonic() < deadline:
            rows += [(record.row["id"], record.row["day"]) for record in await scanner.poll(POLL_MS)]
        equal([(i, "a" if i % 2 else "b") for i in range(20)], sorted(rows), "rows of both")
        await self.admin.drop_partition(path, {"day": "a"})
        await self.fails(36, self.admin.drop_partition(path, {"day": "a"}), "PARTITION_NOT_EXISTS")
        await self.admin.drop_partition(path, {"day": "a"}, True)
        plain = await self.create("no_partitions", LOG_COLUMNS)
        await self.fails(37, self.admin.list_partition_infos(plain.get_table_path()), "TABLE_NOT_PARTITIONED")
        if self.sql:
            equal([["day=b"]], self.sql.query(f"SHOW PARTITIONS {DATABASE}.by_day"), "SHOW PARTITIONS")
            equal([[10, 900]], self.sql.query(f"SELECT COUNT(*), SUM(score) FROM {DATABASE}.by_day"), "SQL reads")

    async def case_partitioned_rows(self):
        columns = [("id", pa.int32()), ("day", pa.string()), ("score", pa.int64())]
        path = fluss.TablePath(DATABASE, "partitioned_rows")
        schema = fluss.Schema(pa.schema(columns), primary_keys=["id", "day"])
        await self.admin.create_table(
            path, fluss.TableDescriptor(schema, partition_keys=["day"], bucket_count=2), False)
        table = await self.new_table(path)
        for day in "ab":
            await self.admin.create_partition(path, {"day": day})
        writer = table.new_upsert().create_writer()
        for i in range(10):
            writer.upsert({"id": i, "day": "a", "score": i})
            writer.upsert({"id": i, "day": "b", "score": 100 + i})
        await writer.flush()
        writer.upsert({"id": 3, "day": "a", "score": 33})
        writer.delete({"id": 4, "day": "b"})
        await writer.flush()
        lookuper = table.new_lookup().create_lookuper()
        equal(33, (await lookuper.lookup({"id": 3, "day": "a"}))["score"], "updated")
        equal(103, (await lookuper.lookup({"id": 3, "day": "b"}))["score"], "in the other partition")
        equal(None, await lookuper.lookup({"id": 4, "day": "b"}), "deleted")
        if self.sql:
            equal([["a", 10], ["b", 9]],
                  self.sql.query(f"SELECT `day`, COUNT(*) FROM {DATABASE}.partitioned_rows GROUP BY `day` ORDER BY `day`"),
                  "SQL reads")

    @staticmethod
    async def fails(code, call, name):
        try:
            await call
        except fluss.FlussError as error:
            equal(code, error.error_code, name)
            return
        raise AssertionError(f"no error {name}")


async def refused(config):
    """A wrong password is not let in."""
    try:
        connection = await fluss.FlussConnection.create(config)
        await connection.get_admin().list_databases()
    except fluss.FlussError as error:
        equal(46, error.error_code, "AUTHENTICATE_EXCEPTION")
        return
    raise AssertionError("a wrong password was let in")


async def run_all(bootstrap, sql):
    config = fluss.Config({"bootstrap.servers": bootstrap})
    if "COMPAT_USER" in os.environ:
        config.security_protocol = "sasl"
        config.security_sasl_mechanism = "PLAIN"
        config.security_sasl_username = os.environ["COMPAT_USER"]
        config.security_sasl_password = "wrong"
        await refused(config)
        config.security_sasl_password = os.environ["COMPAT_PASSWORD"]
    connection = await fluss.FlussConnection.create(config)
    client = Client(connection, sql)
    await client.admin.drop_database(DATABASE, True, True)
    passed, failed = 0, 0
    wanted = os.environ.get("COMPAT_CASES", "").split(",")
    left_out = os.environ.get("COMPAT_LEFT_OUT", "").split(",")
    for name in [name for name in dir(client) if name.startswith("case_")]:
        if wanted != [""] and name[5:] not in wanted or name[5:] in left_out:
            continue
        begin = time.monotonic()
        try:
            await asyncio.wait_for(getattr(client, name)(), 60)
            passed += 1
            print(f"ok      {name[5:]} ({1000 * (time.monotonic() - begin):.0f} ms)", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED  {name[5:]}\n{traceback.format_exc()}", flush=True)
    await client.admin.drop_database(DATABASE, True, True)
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed == 0


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sql = Sql(int(sys.argv[2])) if len(sys.argv) > 2 else None
    status = 0 if asyncio.run(run_all(sys.argv[1], sql)) else 1
    sys.stdout.flush()
    # The client's own threads may outlive the interpreter and crash it on its way out.
    os._exit(status)


if __name__ == "__main__":
    main()
