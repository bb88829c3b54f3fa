#include "app/demo/shop_queries.h"

#include <cstdlib>

#include "model/value_text.h"
#include "sql/diagnostic.h"

namespace forebay::app {

Status ShopQueries::Run(const std::string& script) {
  for (const sql::StatementText& text : sql::SplitStatements(script)) {
    auto result = session_.Execute(text);
    if (!result.ok())
      return InvalidArgument("{}", sql::RenderError(result.status().error(), script));
  }
  return Status();
}

Status ShopQueries::ForEachRow(const std::string& query,
                               const std::function<void(const std::vector<std::string>&)>& row) {
  ASSIGN_OR_RETURN(serve::StatementResult result, session_.Execute({query, {1, 1}}));
  if (result.rows == nullptr) return Internal("no result: {}", query);
  constexpr int kPollMs = 1000;
  std::vector<std::string> cells(result.rows->columns().size());
  while (true) {
    auto batch = result.rows->Next(kPollMs);
    if (!batch.ok() && batch.kind() == ErrorKind::kTimeout) continue;
    if (!batch.ok()) return batch.status().WithContext(query);
    if (!*batch) return Status();
    for (int i = 0; i < (*batch)->num_rows; ++i) {
      for (size_t c = 0; c < cells.size(); ++c) {
        cells[c].clear();
        model::AppendText(cells[c], (*batch)->columns[c], i);
      }
      row(cells);
    }
  }
}

Result<std::vector<std::vector<std::string>>> ShopQueries::Rows(const std::string& query) {
  std::vector<std::vector<std::string>> rows;
  RETURN_IF_ERROR(ForEachRow(query, [&](const auto& cells) { rows.push_back(cells); }));
  return rows;
}

Result<int64_t> ShopQueries::Number(const std::string& query) {
  ASSIGN_OR_RETURN(auto rows, Rows(query));
  if (rows.size() != 1 || rows[0].size() != 1) return Internal("not one number: {}", query);
  return std::strtoll(rows[0][0].c_str(), nullptr, 10);
}

}  // namespace forebay::app
