#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serve/session/session.h"

namespace forebay::app {

/// Asks the demo's tables from inside the process, as an analyst's session would.
/// Thread-compatible.
class ShopQueries {
 public:
  explicit ShopQueries(const serve::Engine& engine) : session_(engine) {}

  /// Runs a script that has no results. Errors have the statement's place in it.
  Status Run(const std::string& script);
  /// Calls `row` with the cells of every row as text.
  Status ForEachRow(const std::string& query,
                    const std::function<void(const std::vector<std::string>&)>& row);
  Result<std::vector<std::vector<std::string>>> Rows(const std::string& query);
  /// The only cell of a query's only row.
  Result<int64_t> Number(const std::string& query);

 private:
  serve::Session session_;
};

}  // namespace forebay::app
