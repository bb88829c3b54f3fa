#include "serve/session/result_cursor.h"

namespace forebay::serve {

namespace {

class MemoryCursor : public ResultCursor {
 public:
  MemoryCursor(std::vector<sql::Field> columns, model::Batch rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {}

  const std::vector<sql::Field>& columns() const override { return columns_; }
  bool is_changelog() const override { return false; }
  Result<std::optional<model::Batch>> Next(int) override {
    if (rows_.num_rows == 0) return std::optional<model::Batch>();
    return std::optional(std::exchange(rows_, model::Batch()));
  }
  void WhenReady(std::function<void()> ready) override { ready(); }
  void Cancel() override {}

 private:
  std::vector<sql::Field> columns_;
  model::Batch rows_;
};

}  // namespace

std::unique_ptr<ResultCursor> CursorOf(std::vector<sql::Field> columns, model::Batch rows) {
  return std::make_unique<MemoryCursor>(std::move(columns), std::move(rows));
}

std::unique_ptr<ResultCursor> TextCursor(const std::vector<std::string>& columns,
                                         const std::vector<std::vector<std::string>>& rows) {
  std::vector<sql::Field> fields;
  std::vector<model::DataType> types;
  for (const std::string& name : columns) {
    fields.push_back({name, model::DataType::String()});
    types.push_back(model::DataType::String());
  }
  model::BatchBuilder builder(types, static_cast<int>(rows.size()));
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      builder.column(static_cast<int>(i)).AppendString(row[i]);
    }
    builder.FinishRow();
  }
  return CursorOf(std::move(fields), builder.Finish());
}

}  // namespace forebay::serve
