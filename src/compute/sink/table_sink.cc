#include "compute/sink/table_sink.h"

#include <algorithm>
#include <climits>
#include <map>
#include <optional>
#include <unordered_set>
#include <utility>

#include "base/bytes.h"
#include "base/failpoint.h"
#include "client/writer_ids.h"
#include "compute/runtime/processing_time.h"
#include "compute/sink/table_commit.h"
#include "compute/sink/upsert_materializer.h"
#include "format/batch/log_batch.h"

namespace forebay::compute {
namespace {

/// Rows a shard holds before it asks for a commit.
constexpr int64_t kEpochBytesMax = 32 << 20;
/// A bucket's rows of an epoch go in batches of about this size...
constexpr int64_t kBatchBytes = 8 << 20;
// ...but never in more than this many: storage recognises the last five batches of a writer, and
// after a crash in the middle of a commit it must recognise all that were written.
constexpr int kBatchesMax = 4;

constexpr std::string_view kWriterTable = "writer";

/// The bytes of the key columns of a row: equal for equal keys.
void AppendKey(const model::Batch& batch, const std::vector<int>& key, int row, std::string& out) {
  for (int index : key) {
    const model::Column& column = batch.columns[index];
    if (column.physical() == model::PhysicalType::kString) {
      std::string_view text = column.GetString(row);
      uint32_t size = static_cast<uint32_t>(text.size());
      out.append(reinterpret_cast<const char*>(&size), sizeof(size));
      out += text;
    } else {
      size_t size = static_cast<size_t>(model::PhysicalSize(column.physical()));
      out.append(static_cast<const char*>(column.raw_values()) + size * row, size);
    }
  }
}

/// The rows that are the last ones of their keys, in order.
std::vector<uint32_t> LastOfEachKey(const model::Batch& batch, const std::vector<int>& key) {
  std::unordered_set<std::string> seen;
  std::vector<uint32_t> rows;
  std::string bytes;
  for (int row = batch.num_rows - 1; row >= 0; --row) {
    bytes.clear();
    AppendKey(batch, key, row, bytes);
    if (seen.insert(bytes).second) rows.push_back(static_cast<uint32_t>(row));
  }
  return {rows.rbegin(), rows.rend()};
}

/// What an UpsertMaterializer is made with.
struct Materializing {
  StateTtl ttl;
  int64_t (*now_ms)() = nullptr;
};

class TableSinkWriter : public SinkWriter {
 public:
  TableSinkWriter(const model::TableInfo& table, std::shared_ptr<client::TableWriter> writer,
                  client::Connection& connection, SinkControl& control, int shard,
                  std::optional<Materializing> materializes)
      : table_(table),
        types_(table.descriptor.schema.Types()),
        key_(table.descriptor.schema.PrimaryKeyIndexes()),
        writer_(std::move(writer)),
        connection_(connection),
        control_(control),
        shard_(shard) {
    if (materializes) materializer_.emplace(types_, key_, materializes->ttl, materializes->now_ms);
    keeps_all_changes_ = table.descriptor.properties.contains("table.merge-engine");
  }

  ~TableSinkWriter() override {
    if (holding_) control_.ReleaseSources();
  }

  Status Process(int, model::Batch batch) override {
    if (key_.empty()) {
      RETURN_IF_ERROR(CheckInsertOnly(batch));
      batch.changes = nullptr;
    }
    if (materializer_.has_value()) batch = materializer_->Process(batch);
    if (batch.num_rows == 0) return Status::Ok();
    ASSIGN_OR_RETURN(std::vector<model::BucketId> buckets, writer_->BucketsOf(batch));
    for (int row = 0; row < batch.num_rows; ++row) {
      // The old row of an update goes, unless its new one follows: a filter may have taken that.
      model::ChangeType change = batch.change(row);
      if (change == model::ChangeType::kUpdateBefore) change = model::ChangeType::kDelete;
      Builder(buckets[buckets.size() == 1 ? 0 : row]).AppendRow(batch, row, change);
    }
    bytes_ += batch.MemoryBytes();
    if (bytes_ > kEpochBytesMax && !holding_) {
      holding_ = true;
      control_.HoldSources();
      control_.RequestCheckpoint();
    }
    return Status::Ok();
  }

  Result<EpochWork> EndEpoch() override {
    auto rows = std::make_shared<std::vector<std::pair<model::BucketId, model::Batch>>>();
    for (auto& [bucket, builder] : builders_) {
      if (builder.num_rows() > 0) rows->emplace_back(bucket, builder.Finish());
    }
    bytes_ = 0;
    if (std::exchange(holding_, false)) control_.ReleaseSources();
    if (rows->empty()) return EpochWork();
    return EpochWork([this, rows](CheckpointEntries& commits, StateWriter& state) {
      return Encode(*rows, commits, state);
    });
  }

  Status BeginSnapshot(StateWriter& writer) override {
    if (materializer_.has_value()) materializer_->BeginSnapshot(writer);
    return Status::Ok();
  }
  bool ContinueSnapshot(int64_t deadline_ns) override {
    return !materializer_.has_value() || materializer_->ContinueSnapshot(deadline_ns);
  }

  Status Restore(StateReader& reader) override {
    if (materializer_.has_value()) RETURN_IF_ERROR(materializer_->Restore(reader));
    if (control_.IsFallback()) return Status::Ok();
    return reader.ForEach(kWriterTable, [this](std::string_view key, std::string_view value) {
      if (key != std::to_string(shard_)) return Status::Ok();
      ByteReader bytes(value);
      ASSIGN_OR_RETURN(writer_id_, bytes.Read<int64_t>());
      RETURN_IF_ERROR(ReadSequences(bytes, false));
      if (bytes.remaining() > 0) RETURN_IF_ERROR(ReadSequences(bytes, true));
      return Status::Ok();
    });
  }

  int64_t StateBytes() const override {
    return bytes_ + (materializer_.has_value() ? materializer_->StateBytes() : 0);
  }

 private:
  /// The coordinator's part: ids and sequences are touched by nothing else once rows come.
  Status Encode(std::vector<std::pair<model::BucketId, model::Batch>>& rows,
                CheckpointEntries& commits, StateWriter& state) {
    if (writer_id_ < 0) {
      ASSIGN_OR_RETURN(writer_id_, AllocateWriterId());
    }
    for (auto& [bucket, batch] : rows) {
      RETURN_IF_ERROR(PrepareBucket(bucket, std::exchange(batch, {}), commits));
    }
    ByteWriter value;
    value.Write(writer_id_);
    // Buckets of no partition first, which is all there is in most tables; then the others.
    auto behind = sequences_.upper_bound(model::BucketId(INT_MAX));
    WriteSequences(value, sequences_.begin(), behind);
    if (behind != sequences_.end()) WriteSequences(value, behind, sequences_.end());
    state.Put(kWriterTable, kUnkeyed, std::to_string(shard_), value.view());
    return Status::Ok();
  }

  Result<int64_t> AllocateWriterId() {
    auto* ids = dynamic_cast<client::WriterIds*>(&connection_);
    if (ids != nullptr) return ids->AllocateWriterIdFor(table_.path);
    return connection_.admin().AllocateWriterId();
  }

  Status CheckInsertOnly(const model::Batch& batch) const {
    for (int row = 0; row < batch.num_rows; ++row) {
      if (batch.change(row) > model::ChangeType::kInsert) {
        return NotSupported("log table {} takes only inserts, got {}", table_.path.ToString(),
                            model::ChangeTypeText(batch.change(row)));
      }
    }
    return Status::Ok();
  }

  using Sequences = std::map<model::BucketId, int32_t>;

  static void WriteSequences(ByteWriter& value, Sequences::const_iterator begin,
                             Sequences::const_iterator end) {
    value.WriteVarint(static_cast<uint64_t>(std::distance(begin, end)));
    for (; begin != end; ++begin) {
      const auto& [bucket, sequence] = *begin;
      if (bucket.partition) value.Write(bucket.partition->value());
      value.Write(static_cast<int32_t>(bucket.bucket));
      value.Write(sequence);
    }
  }

  Status ReadSequences(ByteReader& bytes, bool partitioned) {
    ASSIGN_OR_RETURN(uint64_t count, bytes.ReadVarint());
    for (uint64_t i = 0; i < count; ++i) {
      model::BucketId bucket;
      if (partitioned) {
        ASSIGN_OR_RETURN(int64_t partition, bytes.Read<int64_t>());
        bucket.partition = model::PartitionId(partition);
      }
      ASSIGN_OR_RETURN(bucket.bucket, bytes.Read<int32_t>());
      ASSIGN_OR_RETURN(sequences_[bucket], bytes.Read<int32_t>());
    }
    return Status::Ok();
  }

  model::BatchBuilder& Builder(const model::BucketId& bucket) {
    // Rows of one bucket mostly come together.
    if (last_builder_ != builders_.end() && last_builder_->first == bucket) {
      return last_builder_->second;
    }
    last_builder_ = builders_.try_emplace(bucket, types_).first;
    return last_builder_->second;
  }

  Status PrepareBucket(const model::BucketId& bucket, model::Batch batch,
                       CheckpointEntries& commits) {
    if (!key_.empty() && !keeps_all_changes_) batch = batch.Gather(LastOfEachKey(batch, key_));
    int64_t wanted = batch.MemoryBytes() / kBatchBytes + 1;
    int count = static_cast<int>(std::min<int64_t>({wanted, kBatchesMax, batch.num_rows}));
    TableCommit commit{shard_, bucket, writer_id_, {}};
    for (int i = 0; i < count; ++i) {
      int begin = static_cast<int>(int64_t{batch.num_rows} * i / count);
      int end = static_cast<int>(int64_t{batch.num_rows} * (i + 1) / count);
      format::LogBatchOptions options;
      options.append_only = key_.empty();
      ASSIGN_OR_RETURN(std::string bytes,
                       format::EncodeLogBatch(batch.Slice(begin, end - begin), options));
      commit.batches.emplace_back(sequences_[bucket]++, std::move(bytes));
    }
    commits.Put(kCommitTable, kUnkeyed, commit.Key(), commit.Value());
    return Status::Ok();
  }

  const model::TableInfo& table_;
  const std::vector<model::DataType> types_;
  const std::vector<int> key_;
  const std::shared_ptr<client::TableWriter> writer_;
  client::Connection& connection_;
  SinkControl& control_;
  const int shard_;
  bool keeps_all_changes_ = false;
  std::optional<UpsertMaterializer> materializer_;
  std::map<model::BucketId, model::BatchBuilder> builders_;
  std::map<model::BucketId, model::BatchBuilder>::iterator last_builder_ = builders_.end();
  Sequences sequences_;  ///< the next one
  int64_t writer_id_ = -1;
  int64_t bytes_ = 0;
  bool holding_ = false;
};

class TableSink : public Sink {
 public:
  TableSink(const model::TableInfo& table, std::shared_ptr<client::TableWriter> writer,
            client::Connection& connection, std::optional<Materializing> materializes)
      : table_(table),
        writer_(std::move(writer)),
        connection_(connection),
        materializes_(materializes) {}

  Result<std::unique_ptr<SinkWriter>> MakeWriter(int shard, int, SinkControl& control) override {
    return std::unique_ptr<SinkWriter>(std::make_unique<TableSinkWriter>(
        table_, writer_, connection_, control, shard, materializes_));
  }

  Result<std::unique_ptr<Committer>> MakeCommitter() override {
    return MakeTableCommitter(table_, writer_);
  }

 private:
  const model::TableInfo& table_;
  const std::shared_ptr<client::TableWriter> writer_;
  client::Connection& connection_;
  const std::optional<Materializing> materializes_;
};

/// Whether rows of the query that are not versions of one row may have equal sink keys, or one
/// row's versions different ones.
bool NeedsMaterializer(const sql::SinkNode& node,
                       const std::map<std::string, std::string>& settings) {
  const sql::PlanNode& input = *node.inputs[0];
  std::vector<int> key = node.table.info.descriptor.schema.PrimaryKeyIndexes();
  auto setting = settings.find("table.exec.sink.upsert-materialize");
  std::string when = setting == settings.end() ? "AUTO" : setting->second;
  if (key.empty() || when == "NONE") return false;
  if (when == "FORCE") return true;
  if (input.changelog.IsInsertOnly()) return false;
  return std::none_of(input.upsert_keys.begin(), input.upsert_keys.end(), [&](const auto& other) {
    return std::is_permutation(key.begin(), key.end(), other.begin(), other.end());
  });
}

}  // namespace

Result<std::unique_ptr<Sink>> MakeTableSink(const sql::SinkNode& node, const JobContext& context) {
  if (node.overwrite) {
    return NotSupported("INSERT OVERWRITE into {}", node.table.path.ToString());
  }
  client::Connection* connection = context.environment->connection;
  if (connection == nullptr)
    return Internal("no connection to write {} with", node.table.path.ToString());
  ASSIGN_OR_RETURN(std::shared_ptr<client::TableWriter> writer,
                   connection->OpenWriter(node.table.path, node.target_columns));
  std::optional<Materializing> materializes;
  if (NeedsMaterializer(node, context.settings)) {
    materializes = {StateTtl{node.StateTtlMs()}, ProcessingTimeOf(context)};
  }
  return std::unique_ptr<Sink>(
      std::make_unique<TableSink>(node.table.info, std::move(writer), *connection, materializes));
}

}  // namespace forebay::compute
