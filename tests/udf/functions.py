"""The functions of the suite: forebay.udf as PyFlink's users write them."""
import ctypes
import datetime
import os
import socket
import sys
import time

from forebay.udf import (AggregateFunction, DataTypes, Row, ScalarFunction, TableFunction, udaf, udf,
                         udtf)


@udf(result_type=DataTypes.BIGINT())
def add(a, b):
    return None if a is None or b is None else a + b


@udf(input_types=[DataTypes.STRING(), DataTypes.INT()], result_type=DataTypes.STRING())
def repeat(text, times):
    return None if text is None else text * times


class Prefix(ScalarFunction):
    """Keeps what open() made."""

    def open(self, function_context):
        self.prefix = ">"

    def eval(self, text):
        return self.prefix + text if text is not None else "none"


prefix = udf(Prefix(), result_type="STRING")


def hinted(n: int, text: str) -> str:
    return "%s %s" % (text, n)


@udf(result_type=DataTypes.STRING())
def kind(value):
    """What a value of SQL is in Python."""
    return "%s %s" % (type(value).__name__, value)


@udf(result_type="ROW<n INT, words ARRAY<STRING>, counts MAP<STRING, INT>>")
def nested(text):
    words = text.split()
    return Row(n=len(words), words=words, counts={word: len(word) for word in words})


@udf(result_type=DataTypes.INT())
def field(row):
    return None if row is None else row.a


@udf(result_type="DECIMAL(10, 2)")
def half(value):
    return value / 2


@udf(result_type=DataTypes.TIMESTAMP(3))
def tomorrow(moment):
    return moment + datetime.timedelta(days=1)


@udf(result_type=DataTypes.BIGINT(), func_type="arrow")
def twice(column):
    import pyarrow.compute
    return pyarrow.compute.multiply(column, 2)


@udf(result_type=DataTypes.INT())
def answer():
    return 42


@udf(result_type=DataTypes.DOUBLE(), deterministic=False)
def noise(seed):
    return time.time() + seed


@udf(result_type=DataTypes.BOOLEAN())
def is_even(n):
    return n is not None and n % 2 == 0


# ---- Table functions

@udtf(result_types=[DataTypes.STRING(), DataTypes.INT()])
def split(text):
    if text is not None:
        for word in text.split():
            yield word, len(word)


@udtf(result_types=DataTypes.INT())
def count_up(n):
    return range(n or 0)


class Pairs(TableFunction):
    def eval(self, a, b):
        yield Row(a, b)
        yield Row(b, a)


pairs = udtf(Pairs(), result_types=["INT", "INT"])


# ---- Aggregate functions

class WeightedAverage(AggregateFunction):
    def create_accumulator(self):
        return [0, 0]

    def accumulate(self, accumulator, value, weight):
        if value is not None:
            accumulator[0] += value * weight
            accumulator[1] += weight

    def retract(self, accumulator, value, weight):
        if value is not None:
            accumulator[0] -= value * weight
            accumulator[1] -= weight

    def merge(self, accumulator, accumulators):
        for other in accumulators:
            accumulator[0] += other[0]
            accumulator[1] += other[1]

    def get_value(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None

    def get_result_type(self):
        return DataTypes.DOUBLE()


weighted = udaf(WeightedAverage())


class Words(AggregateFunction):
    """Cannot take a row back."""

    def create_accumulator(self):
        return set()

    def accumulate(self, accumulator, word):
        accumulator.add(word)

    def merge(self, accumulator, accumulators):
        accumulator.update(*accumulators)

    def get_value(self, accumulator):
        return sorted(word for word in accumulator if word is not None)

    def get_result_type(self):
        return "ARRAY<STRING>"


# ---- What must not hurt the server

@udf(result_type=DataTypes.INT())
def raises(n):
    raise ValueError("no %d today" % n)


@udf(result_type=DataTypes.INT())
def leaves(n):
    sys.exit(4)


@udf(result_type=DataTypes.INT())
def exits(n):
    os._exit(3)


@udf(result_type=DataTypes.INT())
def crashes(n):
    return ctypes.string_at(0)


@udf(result_type=DataTypes.INT())
def hangs(n):
    while True:
        n += 1


@udf(result_type=DataTypes.INT())
def sleeps_for_good(n):
    time.sleep(10 ** 6)


@udf(result_type=DataTypes.INT())
def eats_memory(n):
    return len(bytearray(1 << 40)) + len([bytearray(1 << 20) for _ in range(1 << 20)])


@udf(result_type=DataTypes.INT())
def sends_garbage(n):
    socket.socket(fileno=os.dup(3)).sendall(b"\xff" * 64)
    return n


@udf(result_type=DataTypes.INT())
def sends_no_arrow(n):
    socket.socket(fileno=os.dup(3)).sendall(b"\x02\0\0\0\x08\0\0\0\0\0\0\0{}garbage!")
    return n


@udf(result_type=DataTypes.INT())
def closes(n):
    os.close(3)
    return n


@udf(result_type=DataTypes.INT())
def wrong_type(n):
    return "text"


@udf(result_type=DataTypes.TINYINT())
def too_large(n):
    return 1000


@udf(result_type=DataTypes.INT(), func_type="arrow")
def too_few(column):
    return column[:0]


@udf(result_type="NO SUCH TYPE")
def strange(n):
    return n


def untyped(n):
    return n


NOT_A_FUNCTION = 3
