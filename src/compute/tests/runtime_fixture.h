#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "compute/runtime/job_execution.h"
#include "compute/sink/row_text.h"
#include "compute/state/hash_batch.h"
#include "compute/tests/memory_connection.h"

namespace forebay::compute {

/// A directory that goes with the test.
class TempDirectory {
 public:
  TempDirectory() {
    char pattern[] = "/tmp/forebay_compute_XXXXXX";
    path_ = ::mkdtemp(pattern);
  }
  ~TempDirectory() { (void)io::MakePosixFileSystem()->RemoveAll(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Keeps the even numbers of column 0.
class EvenFilter : public Operator {
 public:
  Status Process(int, model::Batch batch) override {
    std::vector<uint32_t> rows;
    for (int row = 0; row < batch.num_rows; ++row) {
      if (batch.columns[0].Get<int64_t>(row) % 2 == 0) rows.push_back(static_cast<uint32_t>(row));
    }
    return rows.empty() ? Status::Ok() : context_.output->Emit(batch.Gather(rows));
  }
};

/// Counts rows by column 0 and gives +I (key, 1), then +U (key, n): a small GROUP BY with snapshots
/// of changed keys only.
class CountByKey : public Operator {
 public:
  Status Process(int, model::Batch batch) override {
    HashRows(batch, std::vector<int>{0}, hashes_);
    model::BatchBuilder out({model::DataType::Bigint(), model::DataType::Bigint()});
    for (int row = 0; row < batch.num_rows; ++row) {
      int64_t key = batch.columns[0].Get<int64_t>(row);
      Count& count = counts_[key];
      count.key_group = KeyGroupOf(hashes_[row]);
      count.dirty = true;
      ++count.value;
      out.column(0).Append(key);
      out.column(1).Append(count.value);
      out.FinishRow(count.value == 1 ? model::ChangeType::kInsert
                                     : model::ChangeType::kUpdateAfter);
    }
    return context_.output->Emit(out.Finish());
  }
  Status BeginSnapshot(StateWriter& writer) override {
    for (auto& [key, count] : counts_) {
      if (!std::exchange(count.dirty, false)) continue;
      writer.Put("counts", count.key_group, std::to_string(key), std::to_string(count.value));
    }
    return Status::Ok();
  }
  Status Restore(StateReader& reader) override {
    return reader.ForEach("counts", [this](std::string_view key, std::string_view value) {
      Count& count = counts_[std::stoll(std::string(key))];
      count.value = std::stoll(std::string(value));
      return Status::Ok();
    });
  }

 private:
  struct Count {
    int64_t value = 0;
    int key_group = 0;
    bool dirty = false;
  };
  std::map<int64_t, Count> counts_;
  std::vector<uint64_t> hashes_;
};

/// Passes everything on.
class PassThrough : public Operator {
 public:
  Status Process(int, model::Batch batch) override {
    return context_.output->Emit(std::move(batch));
  }
};

inline Result<std::unique_ptr<Operator>> MakeTestOperator(const sql::PlanNode& node,
                                                          const EvaluationContext&) {
  if (node.kind == sql::PlanKind::kCalc) {
    return std::unique_ptr<Operator>(std::make_unique<EvenFilter>());
  }
  if (node.kind == sql::PlanKind::kAggregate) {
    return std::unique_ptr<Operator>(std::make_unique<CountByKey>());
  }
  return std::unique_ptr<Operator>(std::make_unique<PassThrough>());
}

/// Plans over tables of (k BIGINT, v BIGINT), and runs of them.
class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest() : file_system_(io::MakePosixFileSystem()) {
    environment_.connection = &connection_;
    environment_.file_system = file_system_.get();
    environment_.make_operator = &MakeTestOperator;
    context_.environment = &environment_;
    context_.settings["execution.checkpointing.interval"] = "5 ms";
  }

  static model::Schema TwoColumns(bool keyed) {
    model::Schema schema;
    schema.columns = {{"k", model::DataType::Bigint().NotNull()}, {"v", model::DataType::Bigint()}};
    if (keyed) schema.primary_key = {"k"};
    return schema;
  }

  static model::Batch Rows(int64_t begin, int64_t end, int64_t modulus) {
    model::BatchBuilder builder({model::DataType::Bigint(), model::DataType::Bigint()});
    for (int64_t i = begin; i < end; ++i) {
      builder.column(0).Append(i % modulus);
      builder.column(1).Append(i);
      builder.FinishRow();
    }
    return builder.Finish();
  }

  template <typename Node>
  std::shared_ptr<Node> Finish(std::shared_ptr<Node> node, std::vector<sql::PlanPtr> inputs) {
    node->id = ++last_node_;
    node->inputs = std::move(inputs);
    node->output = {{"k", model::DataType::Bigint()}, {"v", model::DataType::Bigint()}};
    return node;
  }
  sql::PlanPtr Scan(const model::TableInfo& table, bool bounded) {
    auto scan = std::make_shared<sql::TableScanNode>();
    scan->table.path = table.path;
    scan->table.info = table;
    scan->columns = {0, 1};
    if (bounded) scan->table.options["scan.bounded.mode"] = "latest-offset";
    return Finish(scan, {});
  }
  sql::PlanPtr Even(sql::PlanPtr input) {
    return Finish(std::make_shared<sql::CalcNode>(), {input});
  }
  sql::PlanPtr Count(sql::PlanPtr input) {
    auto node = std::make_shared<sql::AggregateNode>();
    node->keys = {0};
    node->changelog = sql::ChangelogMode::All();
    return Finish(node, {input});
  }
  sql::PlanPtr Union(sql::PlanPtr a, sql::PlanPtr b) {
    return Finish(std::make_shared<sql::UnionNode>(), {a, b});
  }
  sql::PlanPtr SinkInto(const model::TableInfo& table, sql::PlanPtr input) {
    auto node = std::make_shared<sql::SinkNode>();
    node->table.path = table.path;
    node->table.info = table;
    return Finish(node, {input});
  }

  std::unique_ptr<JobExecution> Make(const sql::PlanPtr& root, int shards, CheckpointStore* store) {
    return JobExecution::Make(JobGraph::Build({root}, shards).value(), context_, store).value();
  }
  std::unique_ptr<CheckpointStore> OpenStore() {
    return CheckpointStore::Open(*file_system_, directory_.path() + "/checkpoints", "plan").value();
  }

  std::multiset<std::string> RowsOf(const std::string& table) {
    std::multiset<std::string> rows;
    connection_.ForEachRow(table, [&](const model::Batch& row) {
      std::string text;
      AppendRowText(row, 0, text);
      rows.insert(text.substr(2));
    });
    return rows;
  }
  /// The last value of every key in a table that took upserts.
  std::map<int64_t, int64_t> LastByKey(const std::string& table) {
    std::map<int64_t, int64_t> last;
    connection_.ForEachRow(table, [&](const model::Batch& row) {
      last[row.columns[0].Get<int64_t>(0)] = row.columns[1].Get<int64_t>(0);
    });
    return last;
  }

  TempDirectory directory_;
  std::unique_ptr<io::FileSystem> file_system_;
  MemoryConnection connection_;
  ComputeEnvironment environment_;
  JobContext context_;
  int last_node_ = 0;
};

}  // namespace forebay::compute
