#include "compute/source/made_rows.h"

#include <charconv>

#include "base/clock.h"
#include "base/hash.h"
#include "compute/runtime/processing_time.h"
#include "compute/source/format_options.h"

namespace forebay::compute {
namespace {

class MadeRowsReader : public SourceReader {
 public:
  explicit MadeRowsReader(const MadeRows& spec) : spec_(spec) {}

  Status Open(std::vector<SourceSplit> splits, Waker&) override {
    for (const SourceSplit& split : splits) {
      int64_t next = 0;
      std::from_chars(split.position.data(), split.position.data() + split.position.size(), next);
      size_t slash = split.id.find('/');
      std::from_chars(split.id.data() + slash + 1, split.id.data() + split.id.size(), num_splits_);
      splits_.push_back({split.id, next});
    }
    started_ms_ = MonotonicMs();
    return Status::Ok();
  }

  Result<PollOutcome> Poll(SourceOutput& output) override {
    bool all_done = true, any = false;
    for (size_t i = 0; i < splits_.size(); ++i) {
      if (splits_[i].next >= spec_.num_rows) continue;
      all_done = false;
      int64_t count = Allowed();
      if (count <= 0) continue;
      RETURN_IF_ERROR(EmitRows(static_cast<int>(i), count, output));
      any = true;
    }
    if (all_done) return PollOutcome::kEnd;
    return any ? PollOutcome::kProgress : PollOutcome::kNothing;
  }

  std::vector<SourceSplit> Positions() const override {
    std::vector<SourceSplit> positions;
    for (const Split& split : splits_) positions.push_back({split.id, std::to_string(split.next)});
    return positions;
  }

  int64_t NextPollMs() const override { return MonotonicMs() + 10; }

 private:
  struct Split {
    std::string id;
    int64_t next;  ///< row number; a split has every num_splits-th row
  };

  /// Rows that may be made now without being faster than wanted. A tenth of a second may be caught
  /// up in one go.
  int64_t Allowed() const {
    __int128 of_all = __int128{MonotonicMs() - started_ms_} * spec_.rows_per_second / 1000;
    __int128 due = (of_all + num_splits_) * std::ssize(splits_) / num_splits_ - emitted_;
    return due > model::Batch::kMaxRows ? model::Batch::kMaxRows : static_cast<int64_t>(due);
  }

  Status EmitRows(int index, int64_t count, SourceOutput& output) {
    Split& split = splits_[index];
    model::BatchBuilder builder(spec_.types, static_cast<int>(count));
    std::vector<int64_t> numbers;
    for (; count > 0 && split.next < spec_.num_rows; --count, split.next += num_splits_) {
      numbers.push_back(split.next);
    }
    int64_t now_ms = spec_.now_ms();
    for (size_t f = 0; f < spec_.types.size(); ++f) {
      int column = static_cast<int>(f);
      spec_.maker->Append(column, numbers, now_ms, builder.column(column));
    }
    for (size_t i = 0; i < numbers.size(); ++i) builder.FinishRow();
    emitted_ += static_cast<int64_t>(numbers.size());
    return output.Emit(index, builder.Finish());
  }

  const MadeRows& spec_;
  int num_splits_ = 1;
  std::vector<Split> splits_;
  int64_t started_ms_ = 0;
  int64_t emitted_ = 0;
};

/// The number of splits is part of every split's id ("2/4"), since it decides which rows a split
/// has.
class MadeRowsSource : public Source {
 public:
  explicit MadeRowsSource(MadeRows spec) : spec_(std::move(spec)) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int num_shards) override {
    std::vector<SourceSplit> splits;
    for (int i = 0; i < num_shards; ++i) {
      splits.push_back({fmt::format("{}/{}", i, num_shards), std::to_string(i)});
    }
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    return std::unique_ptr<SourceReader>(std::make_unique<MadeRowsReader>(spec_));
  }

  bool IsBounded() const override { return spec_.num_rows != MadeRows::kUnbounded; }

 private:
  const MadeRows spec_;
};

Status ReadCount(const sql::TableRef& table, const char* key, int64_t& value) {
  const std::string* text = FindOption(table, key);
  if (text == nullptr) return {};
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    return InvalidArgument("option '{}' is no number: '{}'", key, *text);
  }
  return {};
}

}  // namespace

std::unique_ptr<Source> MakeMadeRowsSource(MadeRows rows) {
  if (rows.now_ms == nullptr) rows.now_ms = &SystemNowMs;
  return std::make_unique<MadeRowsSource>(std::move(rows));
}

Status ReadRowLimits(const sql::TableRef& table, MadeRows& rows) {
  RETURN_IF_ERROR(ReadCount(table, "number-of-rows", rows.num_rows));
  RETURN_IF_ERROR(ReadCount(table, "rows-per-second", rows.rows_per_second));
  if (rows.rows_per_second <= 0) return InvalidArgument("'rows-per-second' must be positive");
  return {};
}

uint64_t RandomOf(int64_t row, uint64_t seed) { return HashInt(static_cast<uint64_t>(row), seed); }

double UnitOf(uint64_t random) { return static_cast<double>(random >> 11) * 0x1p-53; }

}  // namespace forebay::compute
