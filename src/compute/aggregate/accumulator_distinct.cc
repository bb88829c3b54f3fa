#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compute/aggregate/accumulator.h"
#include "compute/aggregate/stored_value.h"

namespace forebay::compute {

using model::Column;
using model::ColumnBuilder;
using model::DataType;

namespace {

/// How often every value is there.
template <typename V>
class Counts {
 public:
  /// The count before and after a change.
  std::pair<int64_t, int64_t> Change(const V& value, int64_t change, const StateTtl&, int64_t) {
    auto it = counts_.try_emplace(value, 0).first;
    int64_t before = it->second;
    it->second += change;
    int64_t after = it->second;
    if (after == 0) counts_.erase(it);
    return {before, after};
  }
  template <typename F>
  void ForEach(F&& f) const {
    for (const auto& [value, count] : counts_) f(value, count, 0);
  }
  /// How many values ForEach gives.
  uint64_t Size() const { return counts_.size(); }
  /// As Change, of NULL.
  std::pair<int64_t, int64_t> ChangeNull(int64_t change, const StateTtl&, int64_t) {
    int64_t before = std::exchange(nulls_, nulls_ + change);
    return {before, nulls_};
  }
  /// How often NULL is there, and when that last changed.
  std::pair<int64_t, int64_t> Nulls() const { return {nulls_, 0}; }

 private:
  int64_t nulls_ = 0;
  std::unordered_map<V, int64_t, StoredHash<V>, std::equal_to<V>,
                     StateAllocator<std::pair<const V, int64_t>>>
      counts_;
};

/// The same for values that are forgotten a TTL after their last change. Every value stands once in
/// a queue, by the time at which it may expire; each change looks at the front of it, so that
/// there is never much to do at once.
template <typename V>
class TimedCounts {
 public:
  std::pair<int64_t, int64_t> Change(const V& value, int64_t change, const StateTtl& ttl,
                                     int64_t now_ms) {
    constexpr int kForgottenPerChange = 4;
    for (int i = 0; i < kForgottenPerChange; ++i) ForgetOne(ttl, now_ms);
    auto [it, is_new] = counts_.try_emplace(value);
    Timed& timed = it->second;
    if (is_new) queue_.push_back({ttl.DueAfter(now_ms), &*it});
    return ChangeCount(timed, change, ttl, now_ms);
  }
  std::pair<int64_t, int64_t> ChangeNull(int64_t change, const StateTtl& ttl, int64_t now_ms) {
    return ChangeCount(nulls_, change, ttl, now_ms);
  }
  std::pair<int64_t, int64_t> Nulls() const { return {nulls_.count, nulls_.written_ms}; }
  void PutNulls(int64_t count, int64_t written_ms) { nulls_ = {count, written_ms}; }
  /// As it was saved.
  void Put(const V& value, int64_t count, int64_t written_ms, const StateTtl& ttl) {
    auto it = counts_.insert_or_assign(value, Timed{count, written_ms}).first;
    queue_.push_back({ttl.DueAfter(written_ms), &*it});
  }
  template <typename F>
  void ForEach(F&& f) const {
    for (const auto& [value, timed] : counts_) {
      if (timed.count != 0) f(value, timed.count, timed.written_ms);
    }
  }
  uint64_t Size() const {
    uint64_t size = 0;
    ForEach([&](const V&, int64_t, int64_t) { ++size; });
    return size;
  }

 private:
  struct Timed {
    int64_t count = 0;  ///< 0: it stays until it is at the front of the queue
    int64_t written_ms = 0;
  };
  using Entry = std::pair<const V, Timed>;
  struct Waiting {
    int64_t due_ms;
    const Entry* entry;
  };

  static std::pair<int64_t, int64_t> ChangeCount(Timed& timed, int64_t change, const StateTtl& ttl,
                                                 int64_t now_ms) {
    int64_t before = ttl.IsExpired(timed.written_ms, now_ms) ? 0 : timed.count;
    timed = {before + change, now_ms};
    return {before, timed.count};
  }
  void ForgetOne(const StateTtl& ttl, int64_t now_ms) {
    if (front_ == queue_.size() || queue_[front_].due_ms > now_ms) return;
    const Entry* entry = queue_[front_++].entry;
    if (front_ * 2 > queue_.size()) {
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(front_));
      front_ = 0;
    }
    const Timed& timed = entry->second;
    if (timed.count != 0 && !ttl.IsExpired(timed.written_ms, now_ms)) {
      queue_.push_back({ttl.DueAfter(timed.written_ms), entry});
    } else {
      counts_.erase(counts_.find(entry->first));
    }
  }

  std::unordered_map<V, Timed, StoredHash<V>, std::equal_to<V>, StateAllocator<Entry>> counts_;
  std::vector<Waiting, StateAllocator<Waiting>> queue_;
  size_t front_ = 0;  ///< of the queue; what is before it has gone
  Timed nulls_;
};

/// Counts every value and hands `inner` those whose count becomes positive, and takes back those
/// whose count falls to zero. The inner state lies behind the pointer to the counts.
template <typename T, template <typename> typename CountsOf>
class DistinctAccumulator : public Accumulator {
 public:
  using V = StoredValue<T>;
  using Counts = CountsOf<V>;
  static constexpr bool kIsTimed = std::is_same_v<Counts, TimedCounts<V>>;

  DistinctAccumulator(std::unique_ptr<Accumulator> inner, const sql::AggregateCall& call,
                      DataType type, StateTtl ttl)
      : Accumulator(16 + inner->bytes()),
        inner_(std::move(inner)),
        argument_(call.args[0]),
        keeps_nulls_(call.function == "ARRAY_AGG"),
        type_(std::move(type)),
        ttl_(ttl) {}

  bool MayFail() const override { return inner_->MayFail(); }
  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    rows_.clear();
    payloads_.clear();
    signs_.clear();
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      int sign = input.signs == nullptr ? 1 : input.signs[i];
      int change = 0;
      if (!column.IsNull(row)) {
        change = Count(input.payloads[i], LoadValue<T>(column, row), sign);
      } else if (keeps_nulls_) {
        change = CountNull(input.payloads[i], sign);
      }
      if (change == 0) continue;
      rows_.push_back(input.rows[i]);
      payloads_.push_back(input.payloads[i]);
      signs_.push_back(static_cast<int8_t>(change));
    }
    UpdateInner(model::Batch(input.batch.num_rows, {column}));
  }
  void Merge(char* into, const char* from) override {
    const Counts* other = *StateIn<Counts*>(from);
    if (other == nullptr) return;
    rows_.clear();
    payloads_.clear();
    signs_.clear();
    ColumnBuilder values(type_);
    auto add = [&](int change, auto append) {
      if (change == 0) return;
      rows_.push_back(static_cast<uint32_t>(values.num_rows()));
      append();
      payloads_.push_back(into);
      signs_.push_back(static_cast<int8_t>(change));
    };
    other->ForEach([&](const V& value, int64_t count, int64_t) {
      add(Count(into, value, count), [&] { AppendStored(value, values); });
    });
    int64_t nulls = other->Nulls().first;
    if (nulls != 0) add(CountNull(into, nulls), [&] { values.AppendNull(); });
    int count = values.num_rows();
    UpdateInner(model::Batch(count, {values.Finish()}));
  }
  void Emit(std::span<char* const> payloads, ColumnBuilder& builder) override {
    inner_->PlaceAt(offset() + 16);
    inner_->Emit(payloads, builder);
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    inner_->PlaceAt(offset() + 16);
    const Counts* counts = *StateIn<Counts*>(payload);
    uint64_t size = counts == nullptr ? 0 : counts->Size();
    auto [nulls, nulls_written_ms] =
        counts == nullptr ? std::pair<int64_t, int64_t>() : counts->Nulls();
    writer.WriteVarint(size | (kIsTimed ? kTimedMark : 0) | (nulls != 0 ? kNullMark : 0));
    if (nulls != 0) {
      writer.Write<int64_t>(nulls);
      if (kIsTimed) writer.Write<int64_t>(nulls_written_ms);
    }
    if (counts != nullptr) {
      counts->ForEach([&](const V& value, int64_t count, int64_t written_ms) {
        WriteStored(value, writer);
        writer.Write<int64_t>(count);
        if (kIsTimed) writer.Write<int64_t>(written_ms);
      });
    }
    inner_->Save(payload, writer);
  }
  Status Load(char* payload, ByteReader& reader) override {
    inner_->PlaceAt(offset() + 16);
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    bool is_timed = (size & kTimedMark) != 0, has_nulls = (size & kNullMark) != 0;
    size &= ~(kTimedMark | kNullMark);
    if (has_nulls) {
      ASSIGN_OR_RETURN(SavedCount saved, LoadCount(reader, is_timed));
      if constexpr (kIsTimed) {
        CountsIn(payload).PutNulls(saved.count, saved.written_ms);
      } else {
        CountNull(payload, saved.count);
      }
    }
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(V value, ReadStored<V>(reader));
      ASSIGN_OR_RETURN(SavedCount saved, LoadCount(reader, is_timed));
      if constexpr (kIsTimed) {
        CountsIn(payload).Put(value, saved.count, saved.written_ms, ttl_);
      } else {
        Count(payload, value, saved.count);
      }
    }
    return inner_->Load(payload, reader);
  }
  void Destroy(char* payload) override {
    inner_->PlaceAt(offset() + 16);
    inner_->Destroy(payload);
    DeleteStateObject(*StateIn<Counts*>(payload));
    *StateIn<Counts*>(payload) = nullptr;
  }
  int64_t MemoryBytes() const override { return inner_->MemoryBytes(); }
  void SetNow(int64_t now_ms) override {
    now_ms_ = now_ms;
    inner_->SetNow(now_ms);
  }

 private:
  /// In the number of saved values: each has a time.
  static constexpr uint64_t kTimedMark = uint64_t{1} << 62;
  /// There too: the count of NULL stands before the values.
  static constexpr uint64_t kNullMark = uint64_t{1} << 61;
  struct SavedCount {
    int64_t count;
    int64_t written_ms;
  };

  Result<SavedCount> LoadCount(ByteReader& reader, bool is_timed) const {
    ASSIGN_OR_RETURN(int64_t count, reader.Read<int64_t>());
    if (!is_timed) return SavedCount{count, now_ms_};
    ASSIGN_OR_RETURN(int64_t written_ms, reader.Read<int64_t>());
    return SavedCount{count, written_ms};
  }

  Counts& CountsIn(char* payload) const {
    Counts** slot = StateIn<Counts*>(payload);
    if (*slot == nullptr) *slot = NewStateObject<Counts>();
    return **slot;
  }
  /// +1: the value is new, -1: it is gone, 0: neither.
  int Count(char* payload, const V& value, int64_t change) {
    auto [before, after] = CountsIn(payload).Change(value, change, ttl_, now_ms_);
    return (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
  }
  int CountNull(char* payload, int64_t change) {
    auto [before, after] = CountsIn(payload).ChangeNull(change, ttl_, now_ms_);
    return (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
  }
  void UpdateInner(const model::Batch& batch) {
    inner_->PlaceAt(offset() + 16);
    inner_->Update({batch, rows_, payloads_.data(), signs_.data()});
  }

  std::unique_ptr<Accumulator> inner_;
  int argument_;
  bool keeps_nulls_;  ///< ARRAY_AGG collects NULL as any other value
  DataType type_;
  const StateTtl ttl_;
  int64_t now_ms_ = 0;
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeDistinctAccumulator(std::unique_ptr<Accumulator> inner,
                                                     const sql::AggregateCall& call,
                                                     const DataType& argument, StateTtl ttl) {
  auto make = [&]<typename T>(T*) -> std::unique_ptr<Accumulator> {
    if (ttl.IsOn()) {
      return std::make_unique<DistinctAccumulator<T, TimedCounts>>(std::move(inner), call, argument,
                                                                   ttl);
    }
    return std::make_unique<DistinctAccumulator<T, Counts>>(std::move(inner), call, argument, ttl);
  };
  // Flink takes ARRAYs, and neither MAPs nor ROWs.
  if (argument.physical() == model::PhysicalType::kList) {
    return make(static_cast<NestedCell*>(nullptr));
  }
  if (model::PhysicalSize(argument.physical()) == 0) return nullptr;
  return model::DispatchPhysical(argument.physical(), make);
}

}  // namespace forebay::compute
