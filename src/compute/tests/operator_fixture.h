#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compute/operator/operator.h"
#include "compute/state/state_io.h"
#include "model/value.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// A cell as text; NULL is "~".
inline std::string CellText(const model::Column& column, int row) {
  if (column.IsNull(row)) return "~";
  if (column.physical() == model::PhysicalType::kNull) return "~";
  return model::DispatchPhysical(column.physical(), [&]<typename T>(T*) -> std::string {
    if constexpr (std::is_same_v<T, model::StringRef>)
      return std::string(column.GetString(row));
    else if constexpr (std::is_same_v<T, model::Int128>)
      return std::to_string(static_cast<int64_t>(column.Get<T>(row)));
    else
      return std::to_string(column.Get<T>(row));
  });
}

inline std::string RowText(const model::Batch& batch, int row) {
  std::string text;
  for (const model::Column& column : batch.columns) {
    if (!text.empty()) text += ",";
    text += CellText(column, row);
  }
  return text;
}

/// Takes an operator's output: the changes in order, and the multiset they amount to.
class Collector : public Output {
 public:
  Status Emit(model::Batch batch) override {
    EXPECT_GT(batch.num_rows, 0);
    EXPECT_LE(batch.num_rows, model::Batch::kMaxRows);
    for (int row = 0; row < batch.num_rows; ++row) {
      std::string text = RowText(batch, row);
      model::ChangeType change = batch.change(row);
      changes.push_back(std::string(model::ChangeTypeText(change)) + "[" + text + "]");
      int64_t& count = rows[text];
      count += model::IsRetraction(change) ? -1 : 1;
      if (count == 0) rows.erase(text);
    }
    return Status::Ok();
  }
  std::vector<std::string> changes;
  std::map<std::string, int64_t> rows;
};

/// A checkpoint store in memory. What is written counts from Commit on: in one checkpoint an entry
/// counts more than a deletion of its key.
class MemoryState : public StateWriter, public StateReader {
 public:
  void Put(std::string_view table, int, std::string_view key, std::string_view value) override {
    bool is_new =
        puts_.emplace(std::pair(std::string(table), std::string(key)), std::string(value)).second;
    EXPECT_TRUE(is_new) << "writes an entry twice";
    ++writes;
  }
  void Delete(std::string_view table, int, std::string_view key) override {
    deletes_.emplace(table, key);
    ++writes;
  }
  void Commit() {
    for (const auto& [table, key] : deletes_) {
      if (puts_.contains({table, key})) continue;
      EXPECT_EQ(tables_[table].erase(key), 1u) << "deletes what is not there";
    }
    for (auto& [place, value] : puts_) tables_[place.first][place.second] = std::move(value);
    deletes_.clear();
    puts_.clear();
  }
  Status ForEach(std::string_view table, const EntryFunction& entry) override {
    for (const auto& [key, value] : tables_[std::string(table)]) {
      RETURN_IF_ERROR(entry(key, value));
    }
    return Status::Ok();
  }
  int64_t writes = 0;

 private:
  std::map<std::string, std::map<std::string, std::string>> tables_;
  std::map<std::pair<std::string, std::string>, std::string> puts_;
  std::set<std::pair<std::string, std::string>> deletes_;
};

/// A row of test input: BIGINT cells by default, nullopt is NULL.
struct TestRow {
  std::vector<std::optional<int64_t>> cells;
  model::ChangeType change = model::ChangeType::kInsert;
};

/// Rows as a batch of `types`; VARCHAR cells are "s<number>" padded beyond the inline size for odd
/// numbers.
inline std::string TextCell(int64_t value) {
  std::string text = "s" + std::to_string(value);
  return value % 2 == 0 ? text : text + "-a-longer-string";
}

inline model::Batch MakeBatch(const std::vector<model::DataType>& types,
                              std::span<const TestRow> rows) {
  model::BatchBuilder builder(types);
  for (const TestRow& row : rows) {
    for (size_t i = 0; i < types.size(); ++i) {
      if (!row.cells[i].has_value()) {
        builder.column(static_cast<int>(i)).AppendNull();
      } else if (types[i].physical() == model::PhysicalType::kString) {
        builder.column(static_cast<int>(i)).AppendString(TextCell(*row.cells[i]));
      } else {
        model::AppendValue(builder.column(static_cast<int>(i)),
                           types[i].Is(model::TypeRoot::kBoolean) ? model::Value(*row.cells[i] != 0)
                           : types[i].Is(model::TypeRoot::kDecimal)
                               ? model::Value(model::Int128{*row.cells[i]})
                           : types[i].Is(model::TypeRoot::kDouble)
                               ? model::Value(static_cast<double>(*row.cells[i]))
                               : model::Value(*row.cells[i]));
      }
    }
    builder.FinishRow(row.change);
  }
  return builder.Finish();
}

/// A leaf that only has output fields.
inline sql::PlanPtr InputNode(const std::vector<sql::Field>& fields, bool insert_only = true) {
  auto node = std::make_shared<sql::ValuesNode>();
  node->output = fields;
  node->changelog = insert_only ? sql::ChangelogMode::InsertOnly() : sql::ChangelogMode::All();
  return node;
}

inline int64_t g_now_ms = 0;

/// Runs one operator, and a copy of it that is restored from a snapshot now and then.
class OperatorRun {
 public:
  using Maker = std::function<Result<std::unique_ptr<Operator>>()>;
  explicit OperatorRun(Maker maker) : maker_(std::move(maker)) { operator_ = Made(output); }

  void Process(int input, const model::Batch& batch) {
    Call([input, batch](Operator& op) { return op.Process(input, batch); });
  }
  void Watermark(int64_t watermark) {
    Call([watermark](Operator& op) { return op.ProcessWatermark(watermark); });
    watermark_ = watermark;
  }
  void Tick(int64_t now) {
    g_now_ms = now;
    Call([now](Operator& op) { return op.Tick(now); });
  }
  void Finish() {
    Watermark(kMaxWatermark);
    Call([](Operator& op) { return op.Finish(); });
    FinishSnapshot();
  }
  void Snapshot() {
    FinishSnapshot();
    ASSERT_TRUE(operator_->Snapshot(state).ok());
    state.Commit();
  }
  /// The snapshot is written while what is called next goes on. When it is, a copy that is restored
  /// from it is given the same, and must answer the same.
  void BeginSnapshot() {
    FinishSnapshot();
    ASSERT_TRUE(operator_->BeginSnapshot(state).ok());
    is_writing_ = true;
    rows_at_begin_ = output.rows;
    watermark_at_begin_ = watermark_;
  }
  /// Throws the operator away and goes on with a fresh one from the last snapshot.
  void Restore() {
    FinishSnapshot();
    operator_ = Made(output);
    Status status = operator_->Restore(state);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  Operator& op() { return *operator_; }

  Collector output;
  MemoryState state;

 private:
  using Function = std::function<Status(Operator&)>;
  struct Called {
    Function function;
    int64_t now_ms;
  };

  std::unique_ptr<Operator> Made(Collector& collector) {
    auto made = maker_();
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    OperatorContext context;
    context.output = &collector;
    context.now_ms = [] { return g_now_ms; };
    EXPECT_TRUE((*made)->Open(context).ok());
    return std::move(made).value();
  }

  void Call(Function function) {
    Status status = function(*operator_);
    ASSERT_TRUE(status.ok()) << status.ToString();
    if (!is_writing_) return;
    called_.push_back({std::move(function), g_now_ms});
    // A deadline that has passed: it writes as little as it can.
    if (called_.size() % 3 == 0 && operator_->ContinueSnapshot(0)) FinishSnapshot();
  }

  void FinishSnapshot() {
    if (!is_writing_) return;
    is_writing_ = false;
    ASSERT_TRUE(operator_->ContinueSnapshot(INT64_MAX));
    state.Commit();
    Collector copied;
    std::unique_ptr<Operator> copy = Made(copied);
    ASSERT_TRUE(copy->Restore(state).ok());
    if (watermark_at_begin_ != kMinWatermark) {
      ASSERT_TRUE(copy->ProcessWatermark(watermark_at_begin_).ok());
    }
    int64_t now = g_now_ms;
    for (const Called& called : std::exchange(called_, {})) {
      g_now_ms = called.now_ms;
      ASSERT_TRUE(called.function(*copy).ok());
    }
    g_now_ms = now;
    std::map<std::string, int64_t> since = output.rows;
    for (const auto& [row, count] : rows_at_begin_) {
      if ((since[row] -= count) == 0) since.erase(row);
    }
    EXPECT_EQ(copied.rows, since) << "a copy restored from the snapshot answers otherwise";
  }

  Maker maker_;
  std::unique_ptr<Operator> operator_;
  int64_t watermark_ = kMinWatermark;
  // Of the snapshot that is being written:
  bool is_writing_ = false;
  std::map<std::string, int64_t> rows_at_begin_;
  int64_t watermark_at_begin_ = kMinWatermark;
  std::vector<Called> called_;
};

}  // namespace forebay::compute
