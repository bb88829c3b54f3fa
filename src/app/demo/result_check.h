#pragma once

#include <string>
#include <vector>

#include "app/demo/reference.h"
#include "app/demo/shop_queries.h"

namespace forebay::app {

/// How a table compares with what it must hold.
struct TableComparison {
  std::string table;
  int64_t expected = 0;
  int64_t found = 0;
  int64_t wrong = 0;                  ///< found, not expected
  int64_t missing = 0;                ///< expected, not found
  std::vector<std::string> examples;  ///< a few of them, "+ row" and "- row"

  bool IsEqual() const { return wrong == 0 && missing == 0; }
};

Result<TableComparison> CompareTable(ShopQueries& queries, const ExpectedTable& expected);

/// Compares all tables, again and again while the jobs are still catching up: ends when all are
/// equal, or when nothing has changed for `patience_ms`.
Result<std::vector<TableComparison>> CompareWhenCaughtUp(ShopQueries& queries,
                                                         const std::vector<ExpectedTable>& tables,
                                                         int64_t patience_ms);

}  // namespace forebay::app
