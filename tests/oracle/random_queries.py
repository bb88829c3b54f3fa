"""Random queries for tests/oracle/generate: joins, aggregates, set operations, subqueries and top-N over skewed rows with NULLs.

Every relation has an id or a key, and results do not depend on the order of rows: no floating numbers, no ties in a top-N.
"""
import random

WORDS = ["a", "b", "abc", "x y", "été"]
# name -> {column: kind}
RELATIONS = {
    "events": {"id": "int", "k": "int", "v": "int", "s": "string", "m": "decimal"},
    "names": {"k": "int", "s": "string", "v": "int"},
    "newest": {"id": "int", "k": "int", "v": "int", "s": "string", "m": "decimal"},  # its rows come and go
    "sums": {"k": "int", "n": "int", "v": "int", "m": "decimal"},  # its rows change
}
FILE = "WITH ('connector' = 'filesystem', 'path' = '${DATA}/%s', 'format' = 'csv', 'csv.null-literal' = 'NULL');"
SETUP = f"""CREATE TABLE events (id INT, k INT, v INT, s STRING, m DECIMAL(10, 2)) {FILE % "random_events.csv"}
CREATE TABLE names (k INT, s STRING, v INT) {FILE % "random_names.csv"}
CREATE VIEW newest AS SELECT id, k, v, s, m FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) AS rn FROM events) AS t WHERE rn <= 2;
CREATE VIEW sums AS SELECT k, COUNT(*) AS n, SUM(v) AS v, MAX(m) AS m FROM events GROUP BY k;"""
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


class QueryGenerator:
    def __init__(self, seed):
        self.pick = random.Random(seed)

    def null_or(self, text, share=0.15):
        return "NULL" if self.pick.random() < share else text

    def events(self, count):
        """Skewed keys: most rows have one of a few."""
        for row in range(1, count + 1):
            yield [str(row), self.null_or(str(int(self.pick.random() ** 3 * 9)), 0.1), self.null_or(str(self.pick.randint(-20, 40))),
                   self.null_or(self.pick.choice(WORDS)), self.null_or(f"{self.pick.randint(-500, 9999) / 100:.2f}")]

    def names(self):
        for key in [0, 0, 1, 2, 3, 4, 11, 12, "NULL"]:
            yield [str(key), self.null_or(self.pick.choice(WORDS)), self.null_or(str(self.pick.randint(-20, 40)))]

    def column(self, relation, kind=None):
        names = [name for name, each in RELATIONS[relation].items() if kind in (None, each)]
        return self.pick.choice(names)

    def relation(self):
        return self.pick.choice(list(RELATIONS))

    def condition(self, alias, relation, depth=1):
        shape = self.pick.randrange(7 if depth else 5)
        number = f"{alias}.{self.column(relation, 'int')}"
        literal = self.pick.randint(-5, 20)
        if shape == 0:
            return f"{number} {self.pick.choice(COMPARISONS)} {literal}"
        if shape == 1:
            return f"{alias}.{self.column(relation)} IS {self.pick.choice(['', 'NOT '])}NULL"
        if shape == 2:
            return f"{number} {self.pick.choice(['', 'NOT '])}IN ({literal}, {self.pick.randint(0, 3)})"
        if shape == 3:
            return f"{number} {self.pick.choice(COMPARISONS)} {alias}.{self.column(relation, 'int')}"
        if shape == 4:
            return f"MOD({number}, 3) = {self.pick.randrange(3)}"
        joined = f" {self.pick.choice(['AND', 'OR'])} ".join(self.condition(alias, relation, 0) for _ in range(2))
        return f"({joined})" if shape == 5 else f"NOT ({joined})"

    def where(self, alias, relation):
        return f" WHERE {self.condition(alias, relation)}" if self.pick.random() < 0.6 else ""

    def filtered(self):
        relation = self.relation()
        columns = ", ".join(f"t.{name}" for name in RELATIONS[relation])
        value = f"t.{self.column(relation, 'int')}"
        extra = self.pick.choice([f"{value} + 1", f"COALESCE({value}, -1)", f"CASE WHEN {value} > 3 THEN 'hi' ELSE 'lo' END"])
        return f"SELECT {columns}, {extra} AS e FROM {relation} AS t{self.where('t', relation)}"

    def from_join(self):
        left, right = self.relation(), self.relation()
        kind = self.pick.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        on = "l.k = r.k"
        if self.pick.random() < 0.3 and kind != "FULL JOIN":
            on += f" AND l.{self.column(left, 'int')} {self.pick.choice(COMPARISONS)} r.{self.column(right, 'int')}"
        return left, right, f"{left} AS l {kind} {right} AS r ON {on}"

    def joined(self):
        left, right, text = self.from_join()
        columns = [f"l.{name} AS l_{name}" for name in RELATIONS[left]] + [f"r.{name} AS r_{name}" for name in RELATIONS[right]]
        kept = [column for column in columns if self.pick.random() < 0.7] or columns[:1]
        return f"SELECT {', '.join(kept)} FROM {text}{self.where('l', left)}"

    def aggregate(self, alias, relation):
        number = f"{alias}.{self.column(relation, 'int')}"
        text = f"{alias}.{self.column(relation)}"
        shape = self.pick.randrange(7)
        if shape == 6:
            return f"SUM({number}) FILTER (WHERE {self.condition(alias, relation, 0)})"
        return ["COUNT(*)", f"COUNT({text})", f"SUM({number})", f"MIN({text})", f"MAX({text})", f"COUNT(DISTINCT {text})"][shape]

    def grouped(self):
        if self.pick.random() < 0.5:
            alias, relation = "t", self.relation()
            source = f"{relation} AS t{self.where('t', relation)}"
        else:
            alias, (relation, _, source) = "l", self.from_join()
        keys = sorted({f"{alias}.{self.column(relation)}" for _ in range(self.pick.randint(1, 2))})
        calls = [f"{self.aggregate(alias, relation)} AS a{number}" for number in range(self.pick.randint(1, 3))]
        having = self.pick.choice(["", "", f" HAVING COUNT(*) > {self.pick.randint(0, 3)}"])
        named = [f"{key} AS g{number}" for number, key in enumerate(keys)]
        return f"SELECT {', '.join(named + calls)} FROM {source} GROUP BY {', '.join(keys)}{having}"

    def set_operation(self):
        kinds = self.pick.choice([["int"], ["int", "string"], ["int", "int"]])
        sides = []
        for _ in range(2):
            relation = self.pick.choice([name for name, columns in RELATIONS.items() if set(kinds) <= set(columns.values())])
            columns = ", ".join(f"CAST(t.{self.column(relation, kind)} AS {'STRING' if kind == 'string' else 'BIGINT'}) AS c{number}"
                                for number, kind in enumerate(kinds))
            sides.append(f"SELECT {columns} FROM {relation} AS t{self.where('t', relation)}")
        operator = self.pick.choice(["UNION ALL", "UNION", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"])
        return f"{sides[0]} {operator} {sides[1]}"

    def subquery(self):
        relation, other = self.relation(), self.relation()
        columns = ", ".join(f"t.{name}" for name in RELATIONS[relation])
        number, inner = self.column(relation, "int"), self.column(other, "int")
        negation = self.pick.choice(["", "NOT "])
        condition = self.pick.choice([
            f"t.{number} IN (SELECT o.{inner} FROM {other} AS o{self.where('o', other)})",
            f"t.{number} NOT IN (SELECT o.{inner} FROM {other} AS o WHERE o.{inner} IS NOT NULL)",
            f"{negation}EXISTS (SELECT 1 FROM {other} AS o WHERE o.k = t.k AND {self.condition('o', other, 0)})",
            f"t.{number} > (SELECT MIN(o.{inner}) FROM {other} AS o)"])
        return f"SELECT {columns} FROM {relation} AS t WHERE {condition}"

    def top_n(self):
        relation = self.pick.choice(["events", "newest"])
        order = f"t.{self.column(relation)} {self.pick.choice(['ASC', 'DESC'])}"
        partition = self.pick.choice(["", f"PARTITION BY t.{self.pick.choice(['k', 's'])} "])
        rank = self.pick.choice(["", ", rn"])
        return (f"SELECT id, k, v, s{rank} FROM (SELECT t.*, ROW_NUMBER() OVER ({partition}ORDER BY {order}, t.id) AS rn "
                f"FROM {relation} AS t{self.where('t', relation)}) AS r WHERE rn <= {self.pick.randint(2, 4)}")

    def query(self):
        return self.pick.choice([self.filtered, self.joined, self.joined, self.grouped, self.grouped, self.set_operation,
                                 self.subquery, self.top_n])()


def print_query_rows(seed, count):
    """The rows of `events`, or of `names` when there are none to count."""
    generator = QueryGenerator(seed)
    for row in generator.events(count) if count else generator.names():
        print(",".join(row))


def print_queries(seed, count):
    generator = QueryGenerator(seed)
    print(f"-- Random queries: made by tests/oracle/generate queries {seed} {count}.")
    print(SETUP)
    seen = set()
    while len(seen) < count:
        text = generator.query()
        if text not in seen:
            seen.add(text)
            print(text + ";")
