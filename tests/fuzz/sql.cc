// One SQL statement, parsed and analyzed over a few tables.

#include "sql/parser/lexer.h"
#include "sql/parser/parser.h"
#include "sql/tests/map_catalog.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

namespace {

sql::MapCatalog MakeCatalog() {
  sql::MapCatalog catalog;
  for (std::string_view ddl :
       {"CREATE TABLE t (i INT, s STRING, d DECIMAL(10, 2), ts TIMESTAMP(3), a ARRAY<INT>, "
        "m MAP<STRING, INT>, r ROW<x INT, y STRING>, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND)",
        "CREATE TABLE k (id BIGINT, v DOUBLE, b BYTES, PRIMARY KEY (id) NOT ENFORCED)"}) {
    CHECK_OK(catalog.Run(ddl));
  }
  return catalog;
}

}  // namespace

FUZZ_TARGET(sql) {
  static sql::MapCatalog catalog = MakeCatalog();
  (void)sql::Tokenize(input, {1, 1});
  (void)sql::ParseExpression(input);
  (void)sql::ParseType(input);
  (void)sql::AnalyzeSql(input, catalog, {});
}

}  // namespace forebay
