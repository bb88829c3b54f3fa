"""In Python what tests/oracle has in Java: the functions of query/python_functions.sql."""
from pyflink.table import DataTypes
from pyflink.table.udf import AggregateFunction, ScalarFunction, TableFunction, udaf, udf, udtf


class Add(ScalarFunction):
    def eval(self, a, b):
        return None if a is None or b is None else a + b


add = udf(Add(), result_type=DataTypes.BIGINT())


class Words(TableFunction):
    def eval(self, text):
        if text is not None:
            for word in text.split(" "):
                yield word, len(word)


words = udtf(Words(), result_types=DataTypes.ROW([DataTypes.FIELD("word", DataTypes.STRING()),
                                                  DataTypes.FIELD("size", DataTypes.INT())]))


class CountUp(TableFunction):
    def eval(self, n):
        return range(n or 0)


count_up = udtf(CountUp(), result_types=DataTypes.INT())


class WeightedAverage(AggregateFunction):
    def create_accumulator(self):
        return [0, 0]

    def accumulate(self, accumulator, value, weight):
        if value is not None and weight is not None:
            accumulator[0] += value * weight
            accumulator[1] += weight

    def retract(self, accumulator, value, weight):
        if value is not None and weight is not None:
            accumulator[0] -= value * weight
            accumulator[1] -= weight

    def merge(self, accumulator, accumulators):
        for other in accumulators:
            accumulator[0] += other[0]
            accumulator[1] += other[1]

    def get_value(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None


weighted_average = udaf(WeightedAverage(), result_type=DataTypes.DOUBLE())
