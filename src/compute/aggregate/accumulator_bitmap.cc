#include "compute/aggregate/accumulator_object.h"
#include "compute/state/outside_charge.h"
#include "model/bitmap.h"

namespace forebay::compute {

using model::Bitmap;
using model::Column;
using model::DataType;
using model::TypeRoot;

namespace {

void AppendResult(const Bitmap& bitmap, bool cardinality, model::ColumnBuilder& builder) {
  if (cardinality) {
    builder.Append<int64_t>(bitmap.Cardinality());
  } else {
    builder.AppendString(bitmap.Serialize());
  }
}

struct BitmapState {
  bool any = false;  ///< whether there was a value that is not NULL
  Bitmap bitmap;
  mutable OutsideCharge charge;  ///< as of the last checkpoint
};

enum class BitmapOperation { kBuild, kAnd, kOr, kXor };

/// The BITMAP_*_AGG functions over input without retractions; NULL without any value.
class BitmapAccumulator : public ObjectAccumulator<BitmapState> {
 public:
  BitmapAccumulator(int argument, BitmapOperation operation, bool cardinality)
      : argument_(argument), operation_(operation), cardinality_(cardinality) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      BitmapState& state = Object(input.payloads[i]);
      if (operation_ == BitmapOperation::kBuild) {
        state.bitmap.Add(static_cast<uint32_t>(column.Get<int32_t>(row)));
        state.any = true;
        continue;
      }
      auto bitmap = Bitmap::Parse(column.GetString(row));
      if (!bitmap.ok()) return Fail(bitmap.status());
      Combine(state, *bitmap);
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr || !Peek(from)->any) return;
    Combine(Object(into), Peek(from)->bitmap);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const BitmapState* state = Peek(payload);
      if (state == nullptr || !state->any) {
        builder.AppendNull();
      } else {
        AppendResult(state->bitmap, cardinality_, builder);
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    const BitmapState* state = Peek(payload);
    bool any = state != nullptr && state->any;
    writer.Write<uint8_t>(any ? 1 : 0);
    if (!any) return;
    std::string bytes = state->bitmap.Serialize();
    state->charge.Set(static_cast<int64_t>(bytes.size()));
    writer.WriteString(bytes);
  }
  Status Load(char* payload, ByteReader& reader) override {
    ASSIGN_OR_RETURN(uint8_t any, reader.Read<uint8_t>());
    if (any == 0) return Status::Ok();
    ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadString());
    ASSIGN_OR_RETURN(Object(payload).bitmap, Bitmap::Parse(bytes));
    Object(payload).any = true;
    return Status::Ok();
  }

 private:
  void Combine(BitmapState& state, const Bitmap& other) const {
    if (!state.any) {
      state.bitmap = other;
      state.any = true;
      return;
    }
    if (operation_ == BitmapOperation::kAnd) return state.bitmap.And(other);
    if (operation_ == BitmapOperation::kXor) return state.bitmap.Xor(other);
    state.bitmap.Or(other);
  }
  int argument_;
  BitmapOperation operation_;
  bool cardinality_;
};

struct BitmapCounts {
  int64_t bitmaps = 0;  ///< or values, for BITMAP_BUILD_AGG
  StateOrderedMap<uint32_t, int64_t> values;
};

/// The same over input with retractions: in how many bitmaps each value is.
class BitmapCountsAccumulator : public ObjectAccumulator<BitmapCounts> {
 public:
  BitmapCountsAccumulator(int argument, BitmapOperation operation, bool cardinality)
      : argument_(argument), operation_(operation), cardinality_(cardinality) {}

  void Update(const AccumulatorInput& input) override {
    const Column& column = input.batch.columns[argument_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      if (column.IsNull(row)) continue;
      BitmapCounts& counts = Object(input.payloads[i]);
      int64_t sign = input.signs == nullptr ? 1 : input.signs[i];
      counts.bitmaps += sign;
      if (operation_ == BitmapOperation::kBuild) {
        Add(counts, static_cast<uint32_t>(column.Get<int32_t>(row)), sign);
        continue;
      }
      auto bitmap = Bitmap::Parse(column.GetString(row));
      if (!bitmap.ok()) return Fail(bitmap.status());
      bitmap->ForEach([&](uint32_t value) { Add(counts, value, sign); });
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr) return;
    BitmapCounts& counts = Object(into);
    counts.bitmaps += Peek(from)->bitmaps;
    for (const auto& [value, count] : Peek(from)->values) Add(counts, value, count);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const BitmapCounts* counts = Peek(payload);
      if (counts == nullptr || counts->bitmaps <= 0) {
        builder.AppendNull();
        continue;
      }
      Bitmap bitmap;
      for (const auto& [value, count] : counts->values) {
        if (Holds(count, counts->bitmaps)) bitmap.Add(value);
      }
      AppendResult(bitmap, cardinality_, builder);
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    static const BitmapCounts kNone;
    const BitmapCounts& counts = Peek(payload) == nullptr ? kNone : *Peek(payload);
    writer.Write<int64_t>(counts.bitmaps);
    writer.WriteVarint(counts.values.size());
    for (const auto& [value, count] : counts.values) {
      writer.Write<uint32_t>(value);
      writer.Write<int64_t>(count);
    }
  }
  Status Load(char* payload, ByteReader& reader) override {
    BitmapCounts& counts = Object(payload);
    ASSIGN_OR_RETURN(counts.bitmaps, reader.Read<int64_t>());
    ASSIGN_OR_RETURN(uint64_t size, reader.ReadVarint());
    for (uint64_t i = 0; i < size; ++i) {
      ASSIGN_OR_RETURN(uint32_t value, reader.Read<uint32_t>());
      ASSIGN_OR_RETURN(counts.values[value], reader.Read<int64_t>());
    }
    return Status::Ok();
  }

 private:
  static void Add(BitmapCounts& counts, uint32_t value, int64_t by) {
    auto it = counts.values.try_emplace(value, 0).first;
    it->second += by;
    if (it->second == 0) counts.values.erase(it);
  }
  bool Holds(int64_t count, int64_t bitmaps) const {
    if (operation_ == BitmapOperation::kAnd) return count == bitmaps;
    if (operation_ == BitmapOperation::kXor) return count % 2 != 0;
    return count > 0;
  }
  int argument_;
  BitmapOperation operation_;
  bool cardinality_;
};

}  // namespace

std::unique_ptr<Accumulator> MakeBitmapAccumulator(const sql::AggregateCall& call,
                                                   const DataType& argument, bool retracting) {
  const std::string& name = call.function;
  bool cardinality = name.ends_with("_CARDINALITY_AGG");
  BitmapOperation operation = name.starts_with("BITMAP_BUILD") ? BitmapOperation::kBuild
                              : name.starts_with("BITMAP_AND") ? BitmapOperation::kAnd
                              : name.starts_with("BITMAP_XOR") ? BitmapOperation::kXor
                                                               : BitmapOperation::kOr;
  bool builds = operation == BitmapOperation::kBuild;
  if (builds ? !argument.Is(TypeRoot::kInteger) : !model::IsBitmap(argument)) return nullptr;
  if (retracting) {
    return std::make_unique<BitmapCountsAccumulator>(call.args[0], operation, cardinality);
  }
  return std::make_unique<BitmapAccumulator>(call.args[0], operation, cardinality);
}

}  // namespace forebay::compute
