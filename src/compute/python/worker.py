"""Runs users' Python functions for Forebay: a process of its own for the functions of one operator.

Requests come through the socket with descriptor 3, each a JSON object and an Arrow IPC stream; the
answers go back the same way, a failure as {"error": ..., "traceback": ...}. The process ends when
the socket does.
"""
import collections
import datetime
import decimal
import functools
import importlib
import inspect
import json
import os
import pickle
import resource
import select
import socket
import struct
import sys
import threading
import time
import traceback
import types
import typing

FRAME = struct.Struct("<IQ")
TRACEBACK_LINES = 12
# How long functions may take to close.
GRACE_SECONDS = 2


# ---- What users' modules import ------------------------------------------------------------------

class DataType:
    """A SQL type as text."""

    def __init__(self, sql, nullable=True):
        self.sql = sql
        self.nullable = nullable

    def not_null(self):
        return DataType(self.sql, False)

    def __str__(self):
        return self.sql if self.nullable else self.sql + " NOT NULL"


def _field_text(field, index):
    if isinstance(field, tuple):
        return "`%s` %s" % (field[0], type_text(field[1]))
    return "`f%d` %s" % (index, type_text(field))


class DataTypes:
    """The types of columns, as PyFlink spells them."""
    BOOLEAN = staticmethod(lambda: DataType("BOOLEAN"))
    TINYINT = staticmethod(lambda: DataType("TINYINT"))
    SMALLINT = staticmethod(lambda: DataType("SMALLINT"))
    INT = staticmethod(lambda: DataType("INT"))
    BIGINT = staticmethod(lambda: DataType("BIGINT"))
    FLOAT = staticmethod(lambda: DataType("FLOAT"))
    DOUBLE = staticmethod(lambda: DataType("DOUBLE"))
    STRING = staticmethod(lambda: DataType("STRING"))
    BYTES = staticmethod(lambda: DataType("BYTES"))
    DATE = staticmethod(lambda: DataType("DATE"))
    CHAR = staticmethod(lambda length: DataType("CHAR(%d)" % length))
    VARCHAR = staticmethod(lambda length: DataType("VARCHAR(%d)" % length))
    BINARY = staticmethod(lambda length: DataType("BINARY(%d)" % length))
    VARBINARY = staticmethod(lambda length: DataType("VARBINARY(%d)" % length))
    DECIMAL = staticmethod(lambda digits, scale: DataType("DECIMAL(%d, %d)" % (digits, scale)))
    TIME = staticmethod(lambda precision=0: DataType("TIME(%d)" % precision))
    TIMESTAMP = staticmethod(lambda precision=6: DataType("TIMESTAMP(%d)" % precision))
    TIMESTAMP_LTZ = staticmethod(lambda precision=6: DataType("TIMESTAMP_LTZ(%d)" % precision))
    ARRAY = staticmethod(lambda element: DataType("ARRAY<%s>" % type_text(element)))
    MAP = staticmethod(
        lambda key, value: DataType("MAP<%s, %s>" % (type_text(key), type_text(value))))
    FIELD = staticmethod(lambda name, kind, description=None: (name, kind))
    LIST_VIEW = staticmethod(lambda element: DataType("ARRAY<%s>" % type_text(element)))
    MAP_VIEW = MAP

    @staticmethod
    def ROW(fields=()):
        return DataType("ROW<%s>" % ", ".join(_field_text(f, i) for i, f in enumerate(fields)))


def type_text(declared):
    """The SQL of a declared type: a DataType, SQL text, or a plain Python type."""
    plain = {int: "BIGINT", float: "DOUBLE", str: "STRING", bool: "BOOLEAN", bytes: "BYTES",
             decimal.Decimal: "DECIMAL(38, 18)", datetime.date: "DATE", datetime.time: "TIME(0)",
             datetime.datetime: "TIMESTAMP(6)"}
    return plain[declared] if declared in plain else str(declared)


class Row(tuple):
    """A value of a ROW type: a tuple whose fields may have names."""

    def __new__(cls, *values, **fields):
        row = super().__new__(cls, tuple(fields.values()) if fields else values)
        row._names = tuple(fields)
        return row

    def __getattr__(self, name):
        names = self.__dict__.get("_names", ())
        if name in names:
            return self[names.index(name)]
        raise AttributeError(name)

    def as_dict(self):
        return dict(zip(self._names, self))

    def __reduce__(self):
        return _make_row, (tuple(self), self._names)

    def __repr__(self):
        if self._names:
            return "Row(%s)" % ", ".join("%s=%r" % pair for pair in zip(self._names, self))
        return "Row(%s)" % ", ".join(repr(value) for value in self)


def _make_row(values, names):
    return Row(**dict(zip(names, values))) if names else Row(*values)


class FunctionContext:
    """What open() gets."""

    def get_metric_group(self):
        raise NotImplementedError("metrics of Python functions are not supported")

    def get_job_parameter(self, key, default_value):
        return default_value


class UserDefinedFunction:
    """The parent of functions that are classes."""

    def open(self, function_context):
        pass

    def close(self):
        pass

    def is_deterministic(self):
        return True


class ScalarFunction(UserDefinedFunction):
    def eval(self, *args):
        raise NotImplementedError("eval")


class TableFunction(UserDefinedFunction):
    def eval(self, *args):
        raise NotImplementedError("eval")


class AggregateFunction(UserDefinedFunction):
    def create_accumulator(self):
        raise NotImplementedError("create_accumulator")

    def accumulate(self, accumulator, *args):
        raise NotImplementedError("accumulate")

    def get_value(self, accumulator):
        raise NotImplementedError("get_value")


class Declared:
    """What udf(), udtf() and udaf() make: the function and its types."""

    def __init__(self, kind, function, input_types, result_type, deterministic, func_type):
        self.kind = kind
        self.function = function
        self.input_types = input_types
        self.result_type = result_type
        self.deterministic = deterministic
        self.func_type = func_type
        if callable(function):
            functools.update_wrapper(self, function)

    def __call__(self, *args):
        return getattr(self.function, "eval", self.function)(*args)


def _decorator(kind):
    def declare(f=None, input_types=None, result_type=None, deterministic=None, name=None,
                func_type="general", udf_type=None, result_types=None, accumulator_type=None):
        if f is None:
            return functools.partial(declare, input_types=input_types, result_type=result_type,
                                     deterministic=deterministic, name=name, func_type=func_type,
                                     udf_type=udf_type, result_types=result_types)
        if deterministic is None:
            deterministic = getattr(f, "is_deterministic", lambda: True)()
        result = result_types if result_type is None else result_type
        if result is None:
            result = getattr(f() if inspect.isclass(f) else f, "get_result_type", lambda: None)()
        return Declared(kind, f() if inspect.isclass(f) else f, input_types, result, deterministic,
                        udf_type or func_type)
    return declare


udf = _decorator("scalar")
udtf = _decorator("table")
udaf = _decorator("aggregate")


def install_modules():
    """forebay.udf, and the parts of PyFlink that define functions, so that its files run too."""
    names = {name: globals()[name] for name in (
        "DataTypes", "Row", "FunctionContext", "UserDefinedFunction", "ScalarFunction",
        "TableFunction", "AggregateFunction", "udf", "udtf", "udaf")}
    for path in ("forebay", "forebay.udf", "pyflink", "pyflink.common", "pyflink.common.types",
                 "pyflink.table", "pyflink.table.types", "pyflink.table.udf"):
        module = types.ModuleType(path)
        module.__dict__.update(names)
        module.__path__ = []
        sys.modules[path] = module
        parent, _, child = path.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


# ---- Finding a function --------------------------------------------------------------------------

class Problem(Exception):
    """A mistake in how a function is named or declared; shown without a traceback."""


def find(path):
    """The declared function at module.name."""
    module_name, _, name = path.rpartition(".")
    if not module_name:
        raise Problem("'%s' names no module; write 'module.function'" % path)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not (module_name + ".").startswith(missing.name + "."):
            raise
        raise Problem("there is no module '%s' on the path; set 'python.files'" % missing.name)
    found = getattr(module, name, None)
    if found is None:
        raise Problem("module '%s' has no '%s'" % (module_name, name))
    return declared(found, path)


def declared(found, path):
    if isinstance(found, Declared):
        return found
    if inspect.isclass(found):
        found = found()
    for kind, parent in (("scalar", ScalarFunction), ("table", TableFunction),
                         ("aggregate", AggregateFunction)):
        if isinstance(found, parent):
            result = getattr(found, "get_result_type", lambda: None)()
            return Declared(kind, found, None, result, found.is_deterministic(), "general")
    if callable(found):
        return Declared("scalar", found, None, None, True, "general")
    raise Problem("'%s' is no function" % path)


def hinted_types(function):
    """Result and argument types of a function with annotations, None where there are none."""
    target = getattr(function, "eval", function)
    try:
        hints = typing.get_type_hints(target)
    except (TypeError, NameError):
        return None, None
    parameters = [p for p in inspect.signature(target).parameters.values()]
    known = all(p.name in hints and p.kind == p.POSITIONAL_OR_KEYWORD for p in parameters)
    return hints.get("return"), [hints[p.name] for p in parameters] if known else None


def describe(request):
    found = find(request["function"])
    result, arguments = found.result_type, found.input_types
    if result is None and found.kind != "table":
        hinted_result, hinted_arguments = hinted_types(found.function)
        result = hinted_result
        arguments = hinted_arguments if arguments is None else arguments
    if isinstance(result, (list, tuple)) and found.kind == "table":
        result = DataTypes.ROW(list(result))
    if arguments is not None and not isinstance(arguments, (list, tuple)):
        arguments = [arguments]
    return {"kind": found.kind, "deterministic": bool(found.deterministic),
            "result": None if result is None else type_text(result),
            "arguments": None if arguments is None else [type_text(a) for a in arguments]}, None


# ---- Values --------------------------------------------------------------------------------------

def reader_of(kind):
    """What makes Python values of a function from those pyarrow gives, or None: they stay."""
    if pa.types.is_struct(kind):
        fields = [(field.name, reader_of(field.type)) for field in kind]

        def read(value):
            return None if value is None else Row(**{
                name: inner(value[name]) if inner else value[name] for name, inner in fields})
        return read
    if pa.types.is_map(kind):
        key, item = reader_of(kind.key_type), reader_of(kind.item_type)
        return lambda value: None if value is None else {
            (key(k) if key else k): (item(v) if item else v) for k, v in value}
    if pa.types.is_list(kind):
        inner = reader_of(kind.value_type)
        if inner:
            return lambda value: None if value is None else [inner(v) for v in value]
    return None


def values_of(column):
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us"), safe=False)
    values = column.to_pylist()
    read = reader_of(column.type)
    return [read(value) for value in values] if read else values


def writer_of(kind):
    """What makes values pyarrow takes for a type from those of a function, or None."""
    if pa.types.is_struct(kind):
        fields = [(field.name, writer_of(field.type)) for field in kind]

        def write(value):
            if value is None:
                return None
            if isinstance(value, dict):
                cells = [value.get(name) for name, _ in fields]
            else:
                cells = list(value)
            if len(cells) != len(fields):
                raise ValueError("%d values for a row of %d columns" % (len(cells), len(fields)))
            return {name: inner(cell) if inner else cell
                    for (name, inner), cell in zip(fields, cells)}
        return write
    if pa.types.is_map(kind):
        key, item = writer_of(kind.key_type), writer_of(kind.item_type)
        return lambda value: None if value is None else [
            (key(k) if key else k, item(v) if item else v) for k, v in dict(value).items()]
    if pa.types.is_list(kind):
        inner = writer_of(kind.value_type)
        return lambda value: None if value is None else [inner(v) if inner else v for v in value]
    if pa.types.is_decimal(kind):
        unit = decimal.Decimal(1).scaleb(-kind.scale)
        context = decimal.Context(prec=60, rounding=decimal.ROUND_HALF_UP)
        return lambda value: None if value is None else context.quantize(
            decimal.Decimal(repr(value) if isinstance(value, float) else value), unit)
    return None


def array_of(values, kind):
    write = writer_of(kind)
    return pa.array([write(value) for value in values] if write else values, type=kind)


# ---- Calls ---------------------------------------------------------------------------------------

class Function:
    """A function that is ready to be called, with the Arrow type of its result."""

    def __init__(self, request, schema):
        self.declared = find(request["function"])
        self.result = schema.field(0).type
        target = self.declared.function
        if isinstance(target, UserDefinedFunction):
            target.open(FunctionContext())
        self.aggregate = target
        self.call = getattr(target, "eval", target)

    def scalar(self, batch):
        kind = self.declared.func_type
        if kind == "general":
            columns = [values_of(column) for column in batch.columns]
            rows = zip(*columns) if columns else [()] * batch.num_rows
            call = self.call
            return array_of([call(*row) for row in rows], self.result)
        columns = batch.columns
        if kind == "pandas":
            columns = [column.to_pandas() for column in columns]
        result = self.call(*columns)
        if isinstance(result, pa.ChunkedArray):
            result = result.combine_chunks()
        if not isinstance(result, pa.Array):
            result = pa.Array.from_pandas(result, type=self.result)
        if len(result) != batch.num_rows:
            raise ValueError("%d values for %d rows" % (len(result), batch.num_rows))
        return result if result.type == self.result else result.cast(self.result)

    def table(self, batch):
        width = self.result.value_type.num_fields
        columns = [values_of(column) for column in batch.columns]
        rows = zip(*columns) if columns else [()] * batch.num_rows
        return array_of([list(self.rows_of(self.call(*row), width)) for row in rows], self.result)

    @staticmethod
    def rows_of(produced, width):
        if produced is None:
            return
        single = (isinstance(produced, (tuple, str, bytes, dict))
                  or not hasattr(produced, "__iter__"))
        for row in [produced] if single else produced:
            is_row = isinstance(row, (tuple, list, dict))
            yield row if is_row and (width > 1 or len(row) == 1) else (row,)

    def states_of(self, column):
        return [pickle.loads(state) if state is not None else self.aggregate.create_accumulator()
                for state in column.to_pylist()]

    def update(self, states, batch):
        groups, signs = batch.column(0).to_pylist(), batch.column(1).to_pylist()
        columns = [values_of(column) for column in batch.columns[2:]]
        rows = zip(*columns) if columns else [()] * batch.num_rows
        accumulators = self.states_of(states.column(0))
        accumulate = self.aggregate.accumulate
        retract = getattr(self.aggregate, "retract", None)
        if retract is None and min(signs, default=1) < 0:
            raise Problem("the input takes rows back, which needs a method retract()")
        for group, sign, row in zip(groups, signs, rows):
            (accumulate if sign > 0 else retract)(accumulators[group], *row)
        return saved(accumulators)

    def merge(self, states):
        if not hasattr(self.aggregate, "merge"):
            raise Problem("accumulators must be put together here, which needs a method merge()")
        into, others = self.states_of(states.column(0)), self.states_of(states.column(1))
        for accumulator, other in zip(into, others):
            self.aggregate.merge(accumulator, [other])
        return saved(into)

    def emit(self, states):
        accumulators = self.states_of(states.column(0))
        return array_of([self.aggregate.get_value(each) for each in accumulators], self.result)


def saved(accumulators):
    return pa.array([pickle.dumps(each, 5) for each in accumulators], type=pa.binary())


class Worker:
    """Answers one request after the other."""

    def __init__(self):
        self.functions = {}

    def answer(self, request, body):
        operation = request["op"]
        if operation == "describe":
            return describe(request)
        if operation == "open":
            schema = pa.ipc.open_stream(body).schema
            self.functions[request["id"]] = Function(request, schema)
            return {}, None
        function = self.functions[request["id"]]
        batches = [pa.ipc.open_stream(part).read_next_batch() for part in split(request, body)]
        column = getattr(function, operation)(*batches)
        return {"rows": len(column)}, stream_of(column)

    def close(self):
        for function in self.functions.values():
            target = function.declared.function
            if isinstance(target, UserDefinedFunction):
                target.close()


def split(request, body):
    """The Arrow streams of a request, which stand one behind the other."""
    begin = 0
    for size in request["sizes"]:
        yield body[begin:begin + size]
        begin += size


def stream_of(column):
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([column], names=["result"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def read_exactly(connection, size):
    data = bytearray(size)
    view = memoryview(data)
    while len(view) > 0:
        count = connection.recv_into(view)
        if count == 0:
            raise EOFError()
        view = view[count:]
    return data


def failure(problem):
    if isinstance(problem, Problem):
        return {"error": str(problem)}
    # From the user's code on.
    place = problem.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__:
        place = place.tb_next
    text = "".join(traceback.format_exception(type(problem), problem, place)).splitlines()
    return {"error": "%s: %s" % (type(problem).__name__, problem),
            "traceback": "\n".join(text[-TRACEBACK_LINES:])}


def serve(connection):
    worker = Worker()
    while True:
        try:
            head_size, body_size = FRAME.unpack(read_exactly(connection, FRAME.size))
            request = json.loads(read_exactly(connection, head_size))
            body = pa.py_buffer(read_exactly(connection, body_size))
        except (EOFError, ConnectionError):
            worker.close()
            return
        try:
            head, body = worker.answer(request, body)
        except MemoryError:
            head, body = {"error": "MemoryError: 'python.memory-limit' is too small"}, None
        except BaseException as problem:  # also sys.exit() of a user
            head, body = failure(problem), None
        head = json.dumps(head).encode()
        connection.sendall(FRAME.pack(len(head), 0 if body is None else body.size) + head)
        if body is not None:
            connection.sendall(body)


def end_with_the_server(connection):
    """A function that never returns must not outlive the server."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
    time.sleep(GRACE_SECONDS)
    os._exit(0)


def close_other_files():
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 3:
            try:
                os.close(int(name))
            except OSError:
                pass


def main():
    close_other_files()
    options = json.loads(sys.argv[1])
    sys.argv = sys.argv[:1]
    sys.path[:1] = options["path"]
    # So that modules find what stands here when they are pickled by name.
    sys.modules["forebay_worker"] = sys.modules["__main__"]
    connection = socket.socket(fileno=3)
    try:
        global pa
        import pyarrow
        import pyarrow.ipc
        pa = pyarrow
    except ImportError:
        head = json.dumps({"error": "Python functions need pyarrow: %s -m pip install pyarrow"
                                    % sys.executable}).encode()
        connection.sendall(FRAME.pack(len(head), 0) + head)
        return
    install_modules()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options["memory"] > 0:
        resource.setrlimit(resource.RLIMIT_DATA, (options["memory"], options["memory"]))
    threading.Thread(target=end_with_the_server, args=(connection,), daemon=True).start()
    serve(connection)


if __name__ == "__main__":
    main()
