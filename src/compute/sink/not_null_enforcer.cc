#include "compute/sink/not_null_enforcer.h"

#include <algorithm>

namespace forebay::compute {

using model::Batch;

NotNullEnforcer::NotNullEnforcer(const sql::SinkNode& node,
                                 const std::map<std::string, std::string>& settings) {
  const auto& columns = node.table.info.descriptor.schema.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    // Those that a partial update does not write keep their values, or get them from the server.
    const auto& targets = node.target_columns;
    int index = static_cast<int>(i);
    bool written =
        targets.empty() || std::find(targets.begin(), targets.end(), index) != targets.end();
    if (written && !columns[i].type.nullable())
      columns_.push_back({static_cast<int>(i), columns[i].name});
  }
  auto setting = settings.find("table.exec.sink.not-null-enforcer");
  drop_ = setting != settings.end() && setting->second == "DROP";
}

const NotNullEnforcer::NotNullColumn* NotNullEnforcer::NullIn(const Batch& batch, int row) const {
  for (const NotNullColumn& column : columns_) {
    if (batch.columns[column.index].IsNull(row)) return &column;
  }
  return nullptr;
}

Result<Batch> NotNullEnforcer::Check(Batch batch) const {
  bool may_have_nulls = std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) {
    return batch.columns[column.index].MayHaveNulls();
  });
  if (!may_have_nulls) return batch;
  std::vector<uint32_t> kept;
  for (int row = 0; row < batch.num_rows; ++row) {
    const NotNullColumn* column = NullIn(batch, row);
    if (column == nullptr) {
      kept.push_back(static_cast<uint32_t>(row));
      continue;
    }
    if (drop_) continue;
    Error error = InvalidArgument(
        "column '{}' is NOT NULL, however, a null value is being written into it", column->name);
    error.hint = "SET 'table.exec.sink.not-null-enforcer' = 'DROP' leaves such rows out";
    return error;
  }
  return kept.size() == static_cast<size_t>(batch.num_rows) ? batch : batch.Gather(kept);
}

namespace {

class EnforcingWriter : public SinkWriter {
 public:
  EnforcingWriter(std::unique_ptr<SinkWriter> writer, const NotNullEnforcer& enforcer)
      : writer_(std::move(writer)), enforcer_(enforcer) {}

  Status Open(const OperatorContext& context) override { return writer_->Open(context); }
  Status Process(int input, Batch batch) override {
    ASSIGN_OR_RETURN(Batch checked, enforcer_.Check(std::move(batch)));
    return checked.num_rows == 0 ? Status::Ok() : writer_->Process(input, std::move(checked));
  }
  Status ProcessWatermark(Watermark watermark) override {
    return writer_->ProcessWatermark(watermark);
  }
  Status Tick(int64_t now_ms) override { return writer_->Tick(now_ms); }
  Status Finish() override { return writer_->Finish(); }
  Status Snapshot(StateWriter& state) override { return writer_->Snapshot(state); }
  Status Restore(StateReader& state) override { return writer_->Restore(state); }
  int64_t StateBytes() const override { return writer_->StateBytes(); }
  Status PrepareCommit(CheckpointEntries& commits) override {
    return writer_->PrepareCommit(commits);
  }

 private:
  const std::unique_ptr<SinkWriter> writer_;
  const NotNullEnforcer& enforcer_;
};

class EnforcingSink : public Sink {
 public:
  EnforcingSink(std::unique_ptr<Sink> sink, NotNullEnforcer enforcer)
      : sink_(std::move(sink)), enforcer_(std::move(enforcer)) {}

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int num_shards,
                                                 SinkControl& control) override {
    ASSIGN_OR_RETURN(auto writer, sink_->MakeWriter(shard, num_shards, control));
    return std::unique_ptr<SinkWriter>(
        std::make_unique<EnforcingWriter>(std::move(writer), enforcer_));
  }
  Result<std::unique_ptr<Committer>> MakeCommitter() override { return sink_->MakeCommitter(); }

 private:
  const std::unique_ptr<Sink> sink_;
  const NotNullEnforcer enforcer_;
};

}  // namespace

std::unique_ptr<Sink> WithNotNullEnforcer(std::unique_ptr<Sink> sink, NotNullEnforcer enforcer) {
  if (!enforcer.IsNeeded()) return sink;
  return std::make_unique<EnforcingSink>(std::move(sink), std::move(enforcer));
}

}  // namespace forebay::compute
