#include "compute/join/window_join.h"

#include <algorithm>
#include <unordered_map>

#include "compute/join/join.h"
#include "compute/operator/emitter.h"
#include "compute/operator/progress.h"
#include "compute/state/hash_batch.h"
#include "compute/state/slice_clock.h"
#include "compute/window/window_assigner.h"

namespace forebay::compute {

using model::Batch;

namespace {

constexpr std::string_view kTable = "window_rows";
constexpr size_t kKeyBytes = 8 + 1 + 8 + 4;  // window end, side, row number, shard

/// Holds results back until they are final: a deleted row goes together with its insertion.
class NetRows : public Output {
 public:
  explicit NetRows(std::vector<model::DataType> types) : codec_(std::move(types)) {}
  Status Emit(Batch batch) override {
    EncodedRows encoded;
    codec_.Encode(batch, encoded);
    for (int row = 0; row < batch.num_rows; ++row) {
      std::string bytes(encoded[row]);
      std::vector<size_t>& places = places_[bytes];
      if (!model::IsRetraction(batch.change(row))) {
        places.push_back(rows_.size());
        rows_.push_back(std::move(bytes));
        is_live_.push_back(true);
      } else if (!places.empty()) {
        is_live_[places.back()] = false;
        places.pop_back();
      }
    }
    return Status::Ok();
  }
  Status SendTo(Output& output) const {
    std::vector<const char*> live;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (is_live_[i]) live.push_back(rows_[i].data());
    }
    return EmitAll(output, Batch(static_cast<int>(live.size()), codec_.Decode(live)));
  }

 private:
  RowCodec codec_;
  std::vector<std::string> rows_;
  std::vector<bool> is_live_;
  std::unordered_map<std::string, std::vector<size_t>> places_;
};

int EndColumn(const sql::PlanNode& input, const std::vector<int>& keys) {
  int last_time = -1;
  for (int key : keys) {
    if (input.output[key].name == "window_end") return key;
    if (input.output[key].type.IsTimestamp()) last_time = key;
  }
  return last_time;
}

}  // namespace

Result<std::unique_ptr<Operator>> WindowJoinOperator::Make(const sql::JoinNode& node,
                                                           std::shared_ptr<Evaluator> condition) {
  std::unique_ptr<WindowJoinOperator> join(new WindowJoinOperator(node, std::move(condition)));
  if (join->end_columns_[0] < 0 || join->end_columns_[1] < 0) {
    return InvalidArgument("a window join needs the windows' columns among its keys");
  }
  return std::unique_ptr<Operator>(std::move(join));
}

WindowJoinOperator::WindowJoinOperator(const sql::JoinNode& node,
                                       std::shared_ptr<Evaluator> condition)
    : node_(node), condition_(std::move(condition)) {
  keys_[0] = node.left_keys;
  keys_[1] = node.right_keys;
  for (int side = 0; side < 2; ++side) {
    end_columns_[side] = EndColumn(*node.inputs[side], keys_[side]);
    rows_[side] = RowCodec(node.inputs[side]->OutputTypes());
  }
}

Status WindowJoinOperator::Process(int input, Batch batch) {
  const model::Column& ends = batch.columns[end_columns_[input]];
  int64_t units = UnitsPerMs(ends.type());
  std::map<int64_t, std::vector<uint32_t>> rows;
  for (int row = 0; row < batch.num_rows; ++row) {
    if (ends.IsNull(row)) return InvalidArgument("window_end is NULL in a window join");
    rows[ToMs(ends.Get<int64_t>(row), units)].push_back(static_cast<uint32_t>(row));
  }
  for (auto& [end, chosen] : rows) {
    if (end - 1 <= progress_) continue;
    auto buffered =
        std::make_shared<Buffered>(Buffered{batch.Gather(chosen), end, input, {}, false});
    fresh_.push_back(buffered);
    windows_[end].sides[input].push_back(std::move(buffered));
  }
  return Status::Ok();
}

Status WindowJoinOperator::ProcessWatermark(Watermark watermark) {
  progress_ = std::max(progress_, watermark);
  while (!windows_.empty() && windows_.begin()->first - 1 <= progress_) {
    auto window = windows_.extract(windows_.begin());
    RETURN_IF_ERROR(Fire(window.mapped()));
    for (auto& side : window.mapped().sides) {
      for (const auto& buffered : side) {
        if (buffered->is_wanted) Save(*buffered);
        deleted_.insert(deleted_.end(), buffered->stored.begin(), buffered->stored.end());
      }
    }
  }
  // Without snapshots it must not grow for ever.
  while (!fresh_.empty() && fresh_.front().expired()) fresh_.pop_front();
  return Status::Ok();
}

/// The side whose unmatched rows are sent comes last, so that nothing it sends is taken back; when
/// both sides' are, that is left out here.
Status WindowJoinOperator::Fire(Window& window) {
  int first = node_.join == sql::JoinKind::kRight ? 0 : 1;
  bool first_is_empty = window.sides[first].empty();
  bool needs_match = node_.join == sql::JoinKind::kInner || node_.join == sql::JoinKind::kSemi;
  bool is_full = node_.join == sql::JoinKind::kFull;
  bool is_done = window.sides[1 - first].empty() && !is_full;
  if (is_done || (first_is_empty && needs_match)) return Status::Ok();
  ASSIGN_OR_RETURN(std::unique_ptr<Operator> join, JoinOperator::Make(node_, condition_));
  NetRows net(node_.OutputTypes());
  OperatorContext context = context_;
  if (is_full) context.output = &net;
  RETURN_IF_ERROR(join->Open(context));
  for (int side : {first, 1 - first}) {
    for (const auto& buffered : window.sides[side]) {
      RETURN_IF_ERROR(join->Process(side, buffered->batch));
    }
  }
  return is_full ? net.SendTo(*context_.output) : Status::Ok();
}

void WindowJoinOperator::Save(Buffered& buffered) {
  buffered.is_wanted = false;
  std::vector<uint64_t> hashes;
  HashRows(buffered.batch, keys_[buffered.side], hashes);
  EncodedRows rows;
  rows_[buffered.side].Encode(buffered.batch, rows);
  for (int row = 0; row < buffered.batch.num_rows; ++row) {
    ByteWriter key;
    key.Write<int64_t>(buffered.window_end);
    key.Write<uint8_t>(static_cast<uint8_t>(buffered.side));
    key.Write<int64_t>(next_row_++);
    key.Write<int32_t>(context_.shard);
    ByteWriter value;
    value.Write<uint8_t>(static_cast<uint8_t>(buffered.batch.change(row)));
    value.WriteBytes(rows[row]);
    writer_->Put(kTable, KeyGroupOf(hashes[row]), key.view(), value.view());
    buffered.stored.emplace_back(KeyGroupOf(hashes[row]), key.Take());
  }
}

Status WindowJoinOperator::BeginSnapshot(StateWriter& writer) {
  ContinueSnapshot(INT64_MAX);
  writer_ = &writer;
  written_.swap(fresh_);
  written_deleted_.swap(deleted_);
  for (const auto& each : written_) {
    if (std::shared_ptr<Buffered> buffered = each.lock()) buffered->is_wanted = true;
  }
  SaveProgress(writer, context_.shard, progress_);
  return Status::Ok();
}

bool WindowJoinOperator::ContinueSnapshot(int64_t deadline_ns) {
  SliceClock clock(deadline_ns);
  while (!written_deleted_.empty()) {
    const auto& [key_group, key] = written_deleted_.back();
    writer_->Delete(kTable, key_group, key);
    written_deleted_.pop_back();
    if (clock.IsPast()) return false;
  }
  while (!written_.empty()) {
    std::shared_ptr<Buffered> buffered = written_.back().lock();
    written_.pop_back();
    if (buffered == nullptr || !buffered->is_wanted) continue;
    Save(*buffered);
    if (MonotonicNs() >= deadline_ns) return written_.empty();
  }
  return true;
}

Status WindowJoinOperator::Restore(StateReader& reader) {
  RETURN_IF_ERROR(LoadProgress(reader, progress_));
  return reader.ForEach(kTable, [&](std::string_view key, std::string_view value) -> Status {
    if (key.size() != kKeyBytes || value.empty() || static_cast<uint8_t>(key[8]) > 1) {
      return Corruption("a stored row of a window join has a key of {} bytes", key.size());
    }
    int side = static_cast<uint8_t>(key[8]);
    std::string row(value.substr(1));
    RETURN_IF_ERROR(rows_[side].Check(row));
    next_row_ = std::max(next_row_, LoadLe<int64_t>(key.data() + 9) + 1);
    std::vector<const char*> rows = {row.data()};
    std::shared_ptr<model::ChangeType[]> change(new model::ChangeType[1]);
    change[0] = static_cast<model::ChangeType>(value[0]);
    Batch batch(1, rows_[side].Decode(rows));
    if (model::IsRetraction(change[0])) batch.changes = std::move(change);
    std::vector<uint64_t> hashes;
    HashRows(batch, keys_[side], hashes);
    int64_t end = LoadLe<int64_t>(key.data());
    windows_[end].sides[side].push_back(std::make_shared<Buffered>(
        Buffered{std::move(batch), end, side, {{KeyGroupOf(hashes[0]), std::string(key)}}, false}));
    return Status::Ok();
  });
}

int64_t WindowJoinOperator::StateBytes() const {
  int64_t bytes = 0;
  for (const auto& [end, window] : windows_) {
    for (const auto& side : window.sides) {
      for (const auto& buffered : side) bytes += buffered->batch.MemoryBytes();
    }
  }
  return bytes;
}

}  // namespace forebay::compute
