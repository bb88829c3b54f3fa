#include "sql/parser/parser.h"
#include "sql/parser/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace forebay::sql {
namespace {

/// An expression as an S-expression, so that precedence can be read off.
std::string Text(const ExpressionAstPtr& e) {
  if (e == nullptr) return "-";
  std::string head = e->text;
  switch (e->kind) {
    case ExpressionAstKind::kName: {
      std::string name;
      for (const std::string& part : e->names) name += (name.empty() ? "" : ".") + part;
      return name;
    }
    case ExpressionAstKind::kString: return "'" + e->text + "'";
    case ExpressionAstKind::kInteger:
    case ExpressionAstKind::kDecimal:
    case ExpressionAstKind::kDouble: return e->text;
    case ExpressionAstKind::kNull: return "null";
    case ExpressionAstKind::kInterval: return fmt::format("interval:{}", e->interval_value);
    case ExpressionAstKind::kBetween: head = "between"; break;
    case ExpressionAstKind::kIn: head = "in"; break;
    case ExpressionAstKind::kIs: head = "is " + e->text; break;
    case ExpressionAstKind::kCase: head = "case"; break;
    case ExpressionAstKind::kItem: head = "item"; break;
    case ExpressionAstKind::kField: head = "field:" + e->text; break;
    case ExpressionAstKind::kCast: head += ":" + e->type.ToString(); break;
    default: break;
  }
  std::string text = (e->negated ? "(not " : "(") + head;
  for (const ExpressionAstPtr& arg : e->args) text += " " + Text(arg);
  return text + ")";
}

std::string Expr(std::string_view sql) {
  auto result = ParseExpression(sql);
  return result.ok() ? Text(*result) : "error: " + result.message();
}

template <typename T>
T Parse(std::string_view sql) {
  auto statement = ParseStatement(sql);
  EXPECT_TRUE(statement.ok()) << sql << ": " << statement.status().ToString();
  if (!statement.ok()) return T();
  const T* node = std::get_if<T>(&statement->node);
  EXPECT_NE(node, nullptr) << sql;
  return node == nullptr ? T() : *node;
}

Error ParseError(std::string_view sql) {
  auto statement = ParseStatement(sql);
  EXPECT_FALSE(statement.ok()) << sql;
  return statement.ok() ? Error{} : statement.error();
}

TEST(ParserTest, OperatorPrecedenceIsCalcites) {
  EXPECT_EQ(Expr("a + b * c - d"), "(- (+ a (* b c)) d)");
  EXPECT_EQ(Expr("a OR b AND NOT c = d"), "(OR a (AND b (NOT (= c d))))");
  EXPECT_EQ(Expr("a = b IS NULL"), "(is NULL (= a b))");
  EXPECT_EQ(Expr("a BETWEEN 1 AND 2 + 3 AND b"), "(AND (between a 1 (+ 2 3)) b)");
  EXPECT_EQ(Expr("a NOT IN (1, 2) AND b NOT LIKE 'x%' ESCAPE '!'"),
            "(AND (not in a 1 2) (not LIKE b 'x%' '!'))");
  EXPECT_EQ(Expr("- a * -1"), "(* (NEGATE a) (NEGATE 1))");
  EXPECT_EQ(Expr("a || 'x' = b"), "(= (|| a 'x') b)");
  EXPECT_EQ(Expr("(a + b) * c"), "(* (+ a b) c)");
}

TEST(ParserTest, SpecialForms) {
  EXPECT_EQ(Expr("CASE WHEN a > 1 THEN 'x' ELSE 'y' END"), "(case - (> a 1) 'x' 'y')");
  EXPECT_EQ(Expr("CASE a WHEN 1 THEN 2 END"), "(case a 1 2 -)");
  EXPECT_EQ(Expr("CAST(a AS DECIMAL(10, 2))"), "(CAST:DECIMAL(10, 2) a)");
  EXPECT_EQ(Expr("EXTRACT(HOUR FROM ts)"), "(EXTRACT 'HOUR' ts)");
  EXPECT_EQ(Expr("TRIM(LEADING 'x' FROM a)"), "(TRIM 'LEADING' 'x' a)");
  EXPECT_EQ(Expr("TRIM(a)"), "(TRIM 'BOTH' null a)");
  EXPECT_EQ(Expr("POSITION('b' IN a)"), "(POSITION 'b' a)");
  EXPECT_EQ(Expr("FLOOR(ts TO HOUR)"), "(FLOOR ts 'HOUR')");
  EXPECT_EQ(Expr("TIMESTAMPDIFF(DAY, a, b)"), "(TIMESTAMPDIFF 'DAY' a b)");
  EXPECT_EQ(Expr("m['k'].f[1]"), "(item (field:f (item m 'k')) 1)");
  EXPECT_EQ(Expr("SUBSTRING(a FROM 2 FOR 3)"), "(SUBSTRING a 2 3)");
  EXPECT_EQ(Expr("ts - INTERVAL '4' SECOND"), "(- ts interval:4000)");
  EXPECT_EQ(Expr("INTERVAL '1 02:03:04.567' DAY TO SECOND"), "interval:93784567");
  EXPECT_EQ(Expr("INTERVAL '-1-2' YEAR TO MONTH"), "interval:-14");
}

TEST(ParserTest, LiteralsAndNames) {
  EXPECT_EQ(Expr("'it''s'"), "'it's'");
  EXPECT_EQ(Expr("U&'\\00e9'"), "'é'");
  EXPECT_EQ(Expr("`select`.`a``b`"), "select.a`b");
  EXPECT_EQ(Expr(".5 + 1e3 + 2."), "(+ (+ .5 1E3) 2.)");
  EXPECT_EQ(ParseExpression("X'4142'").value()->text, "AB");
}

TEST(ParserTest, TextIsUtf8AndEscapesGiveWholeCharacters) {
  for (std::string bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    auto tokens = Tokenize("a\n '" + bad + "'", {1, 1});
    ASSERT_FALSE(tokens.ok());
    EXPECT_EQ(tokens.error().position, (SourcePosition{2, 3}));
  }
  EXPECT_EQ(Tokenize("U&'\\00e9\\d83d\\de00'", {1, 1}).value()[0].text, "\u00e9\U0001f600");
  EXPECT_FALSE(Tokenize("U&'\\d83d'", {1, 1}).ok());
  EXPECT_FALSE(Tokenize("U&'\\de00\\d83d'", {1, 1}).ok());
}

TEST(ParserTest, SelectWithEveryClause) {
  auto query = Parse<QueryAstPtr>(
      "WITH c AS (SELECT 1 AS x) SELECT DISTINCT a.*, COUNT(*) FILTER (WHERE b > 1) AS n, "
      "ROW_NUMBER() OVER (PARTITION BY k ORDER BY t DESC NULLS LAST) rn "
      "FROM t /*+ OPTIONS('scan.startup.mode'='latest') */ AS a "
      "LEFT JOIN d FOR SYSTEM_TIME AS OF a.proc ON a.k = d.k, u "
      "WHERE a.x IS NOT NULL GROUP BY a.k, ROLLUP (a, b) HAVING COUNT(*) > 1 "
      "ORDER BY 1 DESC LIMIT 10 OFFSET 5");
  ASSERT_NE(query, nullptr);
  EXPECT_EQ(query->ctes.size(), 1u);
  EXPECT_TRUE(query->select.distinct);
  EXPECT_EQ(query->select.items.size(), 3u);
  EXPECT_NE(query->select.items[1].expression->filter, nullptr);
  EXPECT_EQ(query->select.items[2].alias, "rn");
  EXPECT_EQ(query->select.items[2].expression->over->order_by[0].nulls_first, false);
  EXPECT_EQ(query->select.from->join, JoinAstKind::kComma);
  EXPECT_NE(query->select.from->left->right->as_of, nullptr);
  EXPECT_EQ(query->select.from->left->left->option_hints.at("scan.startup.mode"), "latest");
  EXPECT_EQ(query->select.group_by[1].kind, GroupItemAst::Kind::kRollup);
  EXPECT_NE(query->limit, nullptr);
}

TEST(ParserTest, WindowTableFunctions) {
  auto query = Parse<QueryAstPtr>(
      "SELECT * FROM TABLE(SESSION(TABLE clicks PARTITION BY user_id, DESCRIPTOR(ts), "
      "INTERVAL '30' MINUTES))");
  const ExpressionAstPtr& call = query->select.from->function;
  EXPECT_EQ(call->text, "SESSION");
  ASSERT_EQ(call->args.size(), 3u);
  EXPECT_EQ(call->args[0]->kind, ExpressionAstKind::kTableArgument);
  EXPECT_EQ(call->args[0]->over->partition_by.size(), 1u);
  EXPECT_EQ(call->args[1]->kind, ExpressionAstKind::kDescriptor);
  EXPECT_EQ(call->args[2]->interval_value, 1800000);
  auto named = Parse<QueryAstPtr>(
      "SELECT * FROM TUMBLE(DATA => TABLE b, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' DAY)");
  EXPECT_EQ(named->select.from->function->args[2]->text, "SIZE");
}

TEST(ParserTest, CreateTable) {
  auto table = Parse<CreateTableAst>(
      "CREATE TABLE IF NOT EXISTS db.t (id BIGINT NOT NULL COMMENT 'key', r ROW<a INT, b STRING>, "
      "ts TIMESTAMP(3), day_of AS CAST(ts AS DATE), m MAP<STRING, ARRAY<INT>>, "
      "off BIGINT METADATA FROM 'offset' VIRTUAL, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, "
      "CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED) COMMENT 'c' DISTRIBUTED BY HASH(id) INTO 4 "
      "BUCKETS "
      "PARTITIONED BY (day_of) WITH ('connector' = 'print', 'a' = '1')");
  EXPECT_THAT(table.name.parts, testing::ElementsAre("db", "t"));
  ASSERT_EQ(table.columns.size(), 6u);
  EXPECT_EQ(table.columns[1].type.ToString(), "ROW<`a` INT, `b` STRING>");
  EXPECT_EQ(table.columns[3].kind, ColumnAst::Kind::kComputed);
  EXPECT_EQ(table.columns[4].type.ToString(), "MAP<STRING, ARRAY<INT>>");
  EXPECT_EQ(table.columns[5].metadata_key, "offset");
  EXPECT_EQ(Text(table.watermark->expression), "(- ts interval:5000)");
  EXPECT_THAT(table.primary_key, testing::ElementsAre("id"));
  EXPECT_FALSE(table.primary_key_enforced);
  EXPECT_EQ(table.bucket_count, 4);
  EXPECT_EQ(table.options.at("connector"), "print");
}

TEST(ParserTest, OtherStatements) {
  EXPECT_THAT(Parse<InsertAst>("INSERT INTO a.b (x, y) SELECT 1, 2").columns,
              testing::ElementsAre("x", "y"));
  EXPECT_EQ(Parse<InsertAst>("INSERT INTO t (SELECT 1)").columns.size(), 0u);
  EXPECT_EQ(Parse<StatementSetAst>("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1; "
                                   "INSERT INTO b VALUES (1), (2); END;")
                .inserts.size(),
            2u);
  EXPECT_EQ(Parse<SetAst>("SET 'execution.runtime-mode' = 'batch'").value, "batch");
  EXPECT_EQ(Parse<SetAst>("SET table.dml-sync = true").key, "table.dml-sync");
  EXPECT_EQ(Parse<ShowAst>("SHOW TABLES FROM db LIKE 'a%'").like, "a%");
  EXPECT_EQ(Parse<ShowAst>("SHOW PARTITIONS db.t PARTITION (a = 'x')").partition.at("a"), "x");
  EXPECT_EQ(Parse<StopJobAst>("STOP JOB 'x' WITH DRAIN").job, "x");
  EXPECT_EQ(Parse<DropAst>("DROP DATABASE IF EXISTS d CASCADE").cascade, true);
  auto explain = Parse<std::shared_ptr<const ExplainAst>>("EXPLAIN CHANGELOG_MODE SELECT 1");
  EXPECT_THAT(explain->details, testing::ElementsAre("CHANGELOG_MODE"));
}

TEST(ParserTest, ErrorsNameThePlaceAndTheCure) {
  Error error = ParseError("SELECT a,\n  FROM t");
  EXPECT_EQ(error.position, (SourcePosition{2, 3}));
  EXPECT_THAT(error.message, testing::HasSubstr("found the keyword FROM"));
  error = ParseError("CREATE TABLE t (one INT, `select` INT, order INT)");
  EXPECT_THAT(error.hint, testing::HasSubstr("reserved word"));
  EXPECT_THAT(ParseError("SELECT \"a\" FROM t").hint, testing::HasSubstr("`name`"));
  EXPECT_THAT(ParseError("SELECT 'abc").message, testing::HasSubstr("not closed"));
  EXPECT_THAT(ParseError("SELECT INTERVAL 'x' DAY").message, testing::HasSubstr("no interval"));
  EXPECT_EQ(ParseError("SELECT CAST(a AS DECIMAL(39, 0))").position.line, 1);
}

TEST(ParserTest, AlterTable) {
  auto alter = [](const std::string& sql) {
    auto statement = ParseStatement(sql);
    EXPECT_TRUE(statement.ok()) << sql << ": " << statement.status().ToString();
    return std::get<AlterTableAst>(statement->node);
  };
  AlterTableAst add = alter("ALTER TABLE IF EXISTS t ADD (a INT COMMENT 'x', b ARRAY<STRING>)");
  EXPECT_TRUE(add.if_exists);
  ASSERT_EQ(add.elements.columns.size(), 2u);
  EXPECT_EQ(add.elements.columns[0].comment, "x");
  EXPECT_EQ(alter("ALTER TABLE db.t ADD a INT").elements.columns[0].name, "a");
  EXPECT_EQ(alter("ALTER TABLE t SET ('a' = 'b')").options.at("a"), "b");
  EXPECT_EQ(alter("ALTER TABLE t RESET ('a', 'b')").keys.size(), 2u);
  EXPECT_EQ(alter("ALTER TABLE t RENAME TO u").new_name.parts[0], "u");
  AlterTableAst drop =
      alter("ALTER TABLE t DROP IF EXISTS PARTITION (a = 'x', b = -1), PARTITION (a = 2)");
  EXPECT_EQ(drop.kind, AlterTableAst::Kind::kDropPartitions);
  EXPECT_TRUE(drop.lenient);
  ASSERT_EQ(drop.partitions.size(), 2u);
  EXPECT_EQ(drop.partitions[0].at("a"), "x");
  EXPECT_EQ(drop.partitions[0].at("b"), "-1");
  EXPECT_FALSE(alter("ALTER TABLE t ADD PARTITION (a = 'x') PARTITION (a = 'y')").lenient);
  EXPECT_EQ(ParseError("ALTER TABLE t ADD PARTITION (a)").kind, ErrorKind::kInvalidArgument);
  EXPECT_TRUE(alter("ALTER TABLE t ADD a INT FIRST").elements.columns[0].first);
  EXPECT_EQ(alter("ALTER TABLE t ADD (a INT AFTER b)").elements.columns[0].after, "b");
  EXPECT_EQ(alter("ALTER TABLE t MODIFY a BIGINT").kind, AlterTableAst::Kind::kModifyColumns);
  EXPECT_THAT(alter("ALTER TABLE t RENAME a TO b").names, testing::ElementsAre("a", "b"));
  EXPECT_THAT(alter("ALTER TABLE t DROP (a, b)").names, testing::ElementsAre("a", "b"));
  EXPECT_EQ(alter("ALTER TABLE t DROP PRIMARY KEY").kind, AlterTableAst::Kind::kDropPrimaryKey);
  EXPECT_EQ(alter("ALTER TABLE t DROP WATERMARK").kind, AlterTableAst::Kind::kDropWatermark);
  AlterTableAst both =
      alter("ALTER TABLE t ADD (PRIMARY KEY (a) NOT ENFORCED, WATERMARK FOR b AS b)");
  EXPECT_THAT(both.elements.primary_key, testing::ElementsAre("a"));
  EXPECT_TRUE(both.elements.watermark.has_value());
  EXPECT_EQ(alter("ALTER TABLE t ADD DISTRIBUTION BY HASH(a) INTO 4 BUCKETS").elements.bucket_count,
            4);
  EXPECT_EQ(ParseError("ALTER TABLE t RESET ()").message, "RESET does not support empty key");
}

TEST(ParserTest, TableLike) {
  using Strategy = TableLikeAst::Strategy;
  auto like = Parse<CreateTableAst>(
      "CREATE TABLE t (a INT) LIKE b (EXCLUDING ALL INCLUDING OPTIONS OVERWRITING WATERMARKS)");
  ASSERT_TRUE(like.like.has_value());
  EXPECT_EQ(like.like->source.parts[0], "b");
  EXPECT_EQ(like.like->strategies.at("ALL"), Strategy::kExcluding);
  EXPECT_EQ(like.like->strategies.at("OPTIONS"), Strategy::kIncluding);
  EXPECT_EQ(like.like->strategies.at("WATERMARKS"), Strategy::kOverwriting);
  EXPECT_FALSE(ParseStatement("CREATE TABLE t LIKE b (INCLUDING ALL EXCLUDING ALL)").ok());
  EXPECT_THAT(Parse<CreateTableAst>("CREATE TABLE t (a, b) AS SELECT 1, 2").column_order,
              testing::ElementsAre("a", "b"));
}

namespace {

class TwoFunctions : public FunctionSource {
 public:
  Result<std::optional<SqlFunction>> Find(const std::vector<std::string>& names) override {
    if (names.back() == "inc") {
      return std::optional(
          SqlFunction{{{"a", model::DataType::Int()}}, model::DataType::Int(), "a + 1"});
    }
    if (names.back() == "loop") {
      return std::optional(
          SqlFunction{{{"a", model::DataType::Int()}}, model::DataType::Int(), "loop(a)"});
    }
    return std::optional<SqlFunction>();
  }
};

}  // namespace

TEST(ParserTest, CallsOfSqlFunctionsBecomeTheirBodies) {
  TwoFunctions functions;
  auto call = ParseExpression("db.inc(x * 2)", &functions);
  ASSERT_TRUE(call.ok()) << call.status().ToString();
  EXPECT_EQ((*call)->kind, ExpressionAstKind::kCast);
  EXPECT_EQ((*call)->text, "RESULT");
  const ExpressionAst& sum = *(*call)->args[0];
  EXPECT_EQ(sum.text, "+");
  EXPECT_EQ(sum.args[0]->text, "ARGUMENT");
  EXPECT_EQ(sum.args[0]->args[0]->text, "*");
  EXPECT_EQ(sum.args[1]->text, "1");
  EXPECT_FALSE(ParseExpression("inc(1, 2)", &functions).ok());
  EXPECT_THAT(ParseExpression("loop(1)", &functions).status().message(),
              testing::HasSubstr("calls itself"));
  EXPECT_EQ((*ParseExpression("other(1)", &functions))->text, "other");
}

TEST(ParserTest, DeepNestingIsAnErrorNotACrash) {
  std::string deep(100000, '(');
  EXPECT_FALSE(ParseExpression(deep + "1").ok());
  EXPECT_FALSE(ParseExpression(std::string(100000, '-') + "1").ok());
  std::string nots;
  for (int i = 0; i < 50000; ++i) nots += "NOT ";
  EXPECT_FALSE(ParseExpression(nots + "a").ok());
  std::string arrays;
  for (int i = 0; i < 50000; ++i) arrays += "ARRAY<";
  EXPECT_FALSE(ParseType(arrays).ok());
  std::string sum = "1";
  std::string unions = "SELECT 1";
  for (int i = 0; i < 20000; ++i) {
    sum += " + 1";
    unions += " UNION ALL SELECT 1";
  }
  EXPECT_FALSE(ParseExpression(sum).ok());
  EXPECT_FALSE(ParseStatement(unions).ok());
}

TEST(ParserTest, MutatedStatementsNeverCrash) {
  const std::string base =
      "SELECT a.b, COUNT(DISTINCT x) OVER (PARTITION BY k ORDER BY t ROWS BETWEEN 1 PRECEDING AND "
      "CURRENT ROW), CASE WHEN a IN (1,2) THEN INTERVAL '1' DAY ELSE CAST(NULL AS ROW<x INT>) END "
      "FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '10' SECOND)) WHERE "
      "1=1";
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string text = base;
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text.erase(at, 1 + random() % 6); break;
        case 1: text[at] = static_cast<char>(random()); break;
        default: text.insert(at, text.substr(random() % text.size(), random() % 12));
      }
      if (text.empty()) text = "x";
    }
    auto result = ParseStatement(text);
    if (!result.ok()) {
      EXPECT_GT(result.error().position.line, 0) << text << result.message();
    }
    SplitStatements(text);
  }
}

TEST(SplitterTest, CutsAtStatementEndsOnly) {
  auto pieces = SplitStatements(
      "SELECT ';' AS `a;b`; -- no; \n /* ; */ ;\nBEGIN STATEMENT SET; INSERT INTO a SELECT 1; "
      "INSERT INTO b SELECT CASE WHEN x THEN 1 END; END;\n  SHOW TABLES");
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].text, "SELECT ';' AS `a;b`");
  EXPECT_TRUE(pieces[1].text.starts_with("BEGIN STATEMENT SET"));
  EXPECT_TRUE(pieces[1].text.ends_with("END"));
  EXPECT_EQ(pieces[2].text, "SHOW TABLES");
  EXPECT_EQ(pieces[2].position, (SourcePosition{4, 3}));
}

TEST(SplitterTest, TellsWhetherMoreIsNeeded) {
  EXPECT_TRUE(IsIncomplete("SELECT 1"));
  EXPECT_TRUE(IsIncomplete("SELECT 'a;"));
  EXPECT_TRUE(IsIncomplete("EXECUTE STATEMENT SET BEGIN INSERT INTO a SELECT 1;"));
  EXPECT_TRUE(IsIncomplete("SELECT 1; /* open"));
  EXPECT_FALSE(IsIncomplete("SELECT 1;"));
  EXPECT_FALSE(IsIncomplete("  -- nothing\n"));
}

TEST(TypeParserTest, EveryTypeOfFlink) {
  auto text = [](std::string_view sql) {
    auto type = ParseType(sql);
    return type.ok() ? type->ToString() : "error: " + type.message();
  };
  EXPECT_EQ(text("DEC(5)"), "DECIMAL(5, 0)");
  EXPECT_EQ(text("TIMESTAMP(3) WITH LOCAL TIME ZONE"), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(text("VARCHAR(20) NOT NULL"), "VARCHAR(20) NOT NULL");
  EXPECT_EQ(text("INT NOT NULL ARRAY"), "ARRAY<INT NOT NULL>");
  EXPECT_EQ(text("ROW(a INT, b ROW<c DOUBLE PRECISION>)"), "ROW<`a` INT, `b` ROW<`c` DOUBLE>>");
  EXPECT_EQ(text("INTERVAL DAY(3) TO SECOND(3)"), "INTERVAL DAY(3) TO SECOND(3)");
  EXPECT_EQ(text("MULTISET<BYTES>"), "MULTISET<BYTES>");
  EXPECT_THAT(text("FLOATY"), testing::HasSubstr("expected a type"));
}

}  // namespace
}  // namespace forebay::sql
