"""Random queries, one relation put into another: filters, projections, aggregates with grouping sets, joins, subqueries,
top-N, set operations. Every query has one answer: what is ordered is ordered by all its columns."""

NUMBER, TEXT = "number", "text"
BASE = [("id", NUMBER), ("k", NUMBER), ("g", TEXT), ("v", NUMBER)]


class Relations:
    """Makes the text of relations, as (SQL of a SELECT, [(column, kind)])."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0

    def alias(self, letter):
        self.names += 1
        return f"{letter}{self.names}"

    def named(self, expressions):
        """[(SQL, kind)] as a select list and its columns."""
        columns = [(self.alias("c"), kind) for _, kind in expressions]
        return ", ".join(f"{sql} AS {name}" for (sql, _), (name, _) in zip(expressions, columns)), columns

    def relation(self, depth):
        if depth == 0:
            return self.base()
        return self.rng.choice([self.filtered, self.projected, self.aggregated, self.aggregated, self.rolled_up, self.joined,
                                self.joined, self.semi_joined, self.compared, self.ranked, self.ranked, self.distinct,
                                self.combined])(depth - 1)

    def base(self):
        chosen = self.rng.sample(BASE, self.rng.randrange(2, 5))
        listed, columns = self.named(chosen)
        return f"SELECT {listed} FROM {self.rng.choice('lr')}", columns

    def pick(self, columns, kind):
        """A column of that kind; else an expression of it."""
        fitting = [name for name, each in columns if each == kind]
        if fitting:
            return self.rng.choice(fitting)
        name = self.rng.choice(columns)[0]
        return f"CHAR_LENGTH({name})" if kind == NUMBER else f"CAST({name} AS STRING)"

    def predicate(self, columns):
        number, text = self.pick(columns, NUMBER), self.pick(columns, TEXT)
        other = self.pick(columns, NUMBER)
        return self.rng.choice([
            f"{number} > {self.rng.randrange(60)}", f"{number} < {self.rng.randrange(5, 90)}", f"{number} IS NOT NULL",
            f"{number} IS NULL OR {other} > 3", f"{text} <> 'g{self.rng.randrange(7)}'", f"{number} <= {other}",
            f"{number} NOT IN ({self.rng.randrange(9)}, {self.rng.randrange(50)})", f"NOT ({number} BETWEEN 2 AND 20)",
            f"{text} LIKE 'g%' AND MOD({number}, 3) <> 1", f"COALESCE({number}, 0) >= {self.rng.randrange(20)}"])

    def filtered(self, depth):
        sql, columns = self.relation(depth)
        return f"SELECT * FROM ({sql}) AS {self.alias('t')} WHERE {self.predicate(columns)}", columns

    def projected(self, depth):
        sql, columns = self.relation(depth)
        number, text, other = self.pick(columns, NUMBER), self.pick(columns, TEXT), self.pick(columns, NUMBER)
        expressions = self.rng.sample([
            (f"{number} + 1", NUMBER), (f"MOD({number}, 7)", NUMBER), (f"COALESCE({number}, {other}, 0)", NUMBER),
            (f"CASE WHEN {number} > {other} THEN {number} ELSE {other} END", NUMBER), (f"UPPER({text})", TEXT),
            (f"{text} || 'x'", TEXT), (number, NUMBER), (text, TEXT), (f"NULLIF({number}, 3)", NUMBER)], 3)
        listed, made = self.named(expressions)
        return f"SELECT {listed} FROM ({sql}) AS {self.alias('t')}", made

    def calls(self, columns):
        number, other, text = self.pick(columns, NUMBER), self.pick(columns, NUMBER), self.pick(columns, TEXT)
        return self.rng.sample([
            ("COUNT(*)", NUMBER), (f"COUNT({number})", NUMBER), (f"SUM({number})", NUMBER), (f"MIN({number})", NUMBER),
            (f"MAX({other})", NUMBER), (f"MAX({text})", TEXT), (f"MIN({text})", TEXT), (f"COUNT(DISTINCT {other})", NUMBER),
            (f"SUM(DISTINCT {number})", NUMBER), (f"COUNT(*) FILTER (WHERE {number} > 10)", NUMBER),
            (f"MAX({number}) FILTER (WHERE {other} < 40)", NUMBER)], 2)

    def aggregated(self, depth):
        sql, columns = self.relation(depth)
        keys = self.rng.sample(columns, min(len(columns), self.rng.randrange(1, 3)))
        listed, made = self.named(keys + self.calls(columns))
        by = ", ".join(name for name, _ in keys)
        having = self.rng.choice(["", "", " HAVING COUNT(*) > 1", f" HAVING MAX({self.pick(columns, NUMBER)}) < 80"])
        return f"SELECT {listed} FROM ({sql}) AS {self.alias('t')} GROUP BY {by}{having}", made

    def rolled_up(self, depth):
        sql, columns = self.relation(depth)
        keys = self.rng.sample(columns, min(len(columns), 2))
        listed, made = self.named(keys + self.calls(columns))
        by = ", ".join(name for name, _ in keys)
        # Without (), which has a row over no rows in batch mode only; so has COUNT, below.
        first, last = keys[0][0], keys[-1][0]
        how = self.rng.choice([f"GROUPING SETS (({by}), ({first}))", f"GROUPING SETS (({by}), ({first}), ({last}))"])
        return f"SELECT {listed} FROM ({sql}) AS {self.alias('t')} GROUP BY {how}", made

    def joined(self, depth):
        left, left_columns = self.relation(depth)
        right, right_columns = self.relation(self.rng.randrange(depth + 1))
        a, b = self.alias("a"), self.alias("b")
        of_a = [(f"{a}.{name}", kind) for name, kind in left_columns]
        of_b = [(f"{b}.{name}", kind) for name, kind in right_columns]
        on = f"{self.pick(of_a, NUMBER)} = {self.pick(of_b, NUMBER)}"
        if self.rng.random() < 0.4:
            on += f" AND {self.pick(of_a, NUMBER)} {self.rng.choice(['<', '<=', '<>'])} {self.pick(of_b, NUMBER)}"
        if self.rng.random() < 0.3:
            on += f" AND {self.pick(of_a, TEXT)} = {self.pick(of_b, TEXT)}"
        kind = self.rng.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
        both = of_a + of_b
        listed, made = self.named(self.rng.sample(both, min(len(both), 4)))
        return f"SELECT {listed} FROM ({left}) AS {a} {kind} ({right}) AS {b} ON {on}", made

    def semi_joined(self, depth):
        sql, columns = self.relation(depth)
        inner, inner_columns = self.relation(self.rng.randrange(depth + 1))
        t, u = self.alias("t"), self.alias("u")
        number = self.pick([(f"{t}.{name}", kind) for name, kind in columns], NUMBER)
        of_u = [(f"{u}.{name}", kind) for name, kind in inner_columns]
        want = self.pick(of_u, NUMBER)
        where = self.rng.choice([
            f"{number} IN (SELECT {want} FROM ({inner}) AS {u})", f"{number} NOT IN (SELECT {want} FROM ({inner}) AS {u})",
            f"EXISTS (SELECT 1 FROM ({inner}) AS {u} WHERE {want} = {number})",
            f"NOT EXISTS (SELECT 1 FROM ({inner}) AS {u} WHERE {want} = {number})"])
        return f"SELECT * FROM ({sql}) AS {t} WHERE {where}", columns

    def compared(self, depth):
        sql, columns = self.relation(depth)
        inner, inner_columns = self.relation(self.rng.randrange(depth + 1))
        number, u = self.pick(columns, NUMBER), self.alias("u")
        call = self.rng.choice(["MAX", "MIN"])
        scalar = f"(SELECT {call}({self.pick(inner_columns, NUMBER)}) FROM ({inner}) AS {u})"
        sign = self.rng.choice(["<", ">=", "<>"])
        return f"SELECT * FROM ({sql}) AS {self.alias('t')} WHERE {number} {sign} {scalar}", columns

    def ranked(self, depth):
        sql, columns = self.relation(depth)
        names = [name for name, _ in columns]
        order = ", ".join(name + self.rng.choice(["", " DESC"]) for name in self.rng.sample(names, len(names)))
        by = f"PARTITION BY {self.rng.choice(names)} " if self.rng.random() < 0.7 else ""
        number = self.alias("n")
        with_number = self.rng.random() < 0.4
        listed = ", ".join(names + ([number] if with_number else []))
        bounds = self.rng.choice([f"{number} <= {self.rng.randrange(1, 6)}", f"{number} <= 1", f"{number} = 1",
                                  f"{number} BETWEEN 2 AND 4"])
        made = columns + ([(number, NUMBER)] if with_number else [])
        return (f"SELECT {listed} FROM (SELECT *, ROW_NUMBER() OVER ({by}ORDER BY {order}) AS {number} FROM ({sql}) AS "
                f"{self.alias('t')}) AS {self.alias('t')} WHERE {bounds}", made)

    def distinct(self, depth):
        sql, columns = self.relation(depth)
        chosen = self.rng.sample(columns, min(len(columns), 2))
        return f"SELECT DISTINCT {', '.join(name for name, _ in chosen)} FROM ({sql}) AS {self.alias('t')}", chosen

    def combined(self, depth):
        sides = [self.relation(depth), self.relation(self.rng.randrange(depth + 1))]
        kinds = [self.rng.choice([NUMBER, NUMBER, TEXT]) for _ in range(self.rng.randrange(1, 3))]
        lists, made = [], []
        for sql, columns in sides:
            # One type on both sides, which are not told apart by how large their numbers may be.
            cast = [f"CAST({self.pick(columns, kind)} AS {'BIGINT' if kind == NUMBER else 'STRING'})" for kind in kinds]
            listed, made = self.named([(text, kind) for text, kind in zip(cast, kinds)])
            lists.append((listed, sql, made))
        how = self.rng.choice(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
        texts = [f"SELECT {listed} FROM ({sql}) AS {self.alias('t')}" for listed, sql, _ in lists]
        outer = ", ".join(name for name, _ in lists[0][2])
        return f"SELECT {outer} FROM ({texts[0]} {how} {texts[1]}) AS {self.alias('t')}", lists[0][2]


def random_relation(rng):
    return Relations(rng).relation(rng.randrange(1, 4))[0]
