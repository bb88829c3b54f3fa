#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "compute/state/state_expiry.h"
#include "model/batch.h"
#include "sql/plan/expression.h"

namespace forebay::compute {

/// Rows of a batch and the accumulators they go to: `payloads[i]` is the one of row `rows[i]`,
/// `signs[i]` is +1 or -1 (a null pointer: all +1). Order is arrival.
struct AccumulatorInput {
  const model::Batch& batch;
  std::span<const uint32_t> rows;
  char* const* payloads;
  const int8_t* signs;
};

/// One aggregate function's state inside payloads of keyed tables: `bytes()` bytes at `offset()`,
/// all zeros at first. Calls take many rows or payloads at once. Belongs to one thread at a time.
class Accumulator {
 public:
  virtual ~Accumulator() = default;

  int bytes() const { return bytes_; }
  int offset() const { return offset_; }
  void PlaceAt(int offset) { offset_ = offset; }

  virtual void Update(const AccumulatorInput& input) = 0;
  /// Adds what `from` has seen to `into`; `from` came later.
  virtual void Merge(char* into, const char* from) = 0;
  /// Appends the result of every payload.
  virtual void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) = 0;
  virtual void Save(const char* payload, ByteWriter& writer) const {
    writer.WriteBytes({payload + offset_, static_cast<size_t>(bytes_)});
  }
  virtual Status Load(char* payload, ByteReader& reader) {
    ASSIGN_OR_RETURN(std::string_view saved, reader.ReadBytes(bytes_));
    std::memcpy(payload + offset_, saved.data(), saved.size());
    return Status::Ok();
  }
  /// Frees what the state refers to.
  virtual void Destroy(char* payload) { (void)payload; }
  /// Bytes held outside of the payloads, roughly.
  virtual int64_t MemoryBytes() const { return 0; }
  /// The processing time of the calls that follow, for state with a TTL of its own.
  virtual void SetNow(int64_t now_ms) { (void)now_ms; }
  /// Whether there are rows that the function cannot take.
  virtual bool MayFail() const { return false; }
  /// The first failure of a call; from then on results mean nothing.
  const Status& status() const { return status_; }

 protected:
  /// `bytes` is a multiple of 16.
  explicit Accumulator(int bytes) : bytes_(bytes) {}
  void Fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  template <typename T>
  T* StateIn(char* payload) const {
    return reinterpret_cast<T*>(payload + offset_);
  }
  template <typename T>
  const T* StateIn(const char* payload) const {
    return reinterpret_cast<const T*>(payload + offset_);
  }

 private:
  int bytes_;
  int offset_ = 0;
  Status status_;
};

/// The accumulator of `call` over rows of `input` types; `retracting`: the input has -U and -D
/// rows. kNotSupported for functions there is none for.
Result<std::unique_ptr<Accumulator>> MakeAccumulator(const sql::AggregateCall& call,
                                                     const std::vector<model::DataType>& input,
                                                     bool retracting, StateTtl ttl = {});

/// All aggregates of a node: applies filters and signs, lays the states out one after another
/// behind `header_bytes`.
class AccumulatorSet {
 public:
  static Result<AccumulatorSet> Make(const std::vector<sql::AggregateCall>& calls,
                                     const std::vector<model::DataType>& input, bool retracting,
                                     int header_bytes, StateTtl ttl = {});

  int payload_bytes() const { return payload_bytes_; }
  int size() const { return static_cast<int>(calls_.size()); }
  void Update(const AccumulatorInput& input);
  void Merge(char* into, const char* from);
  /// Appends every call's results to `builders[first + call]`.
  void Emit(std::span<char* const> payloads, std::span<model::ColumnBuilder> builders);
  void Save(const char* payload, ByteWriter& writer) const;
  Status Load(char* payload, ByteReader& reader);
  void Destroy(char* payload);
  bool NeedsDestroy() const { return needs_destroy_; }
  int64_t MemoryBytes() const;
  /// With a TTL, before each batch.
  void SetNow(int64_t now_ms);
  /// The first failure of an accumulator: whoever has called Update, Merge or Emit asks before it
  /// sends results.
  Status status() const;
  const sql::AggregateCall& call(int index) const { return calls_[index]; }

 private:
  std::vector<sql::AggregateCall> calls_;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  int payload_bytes_ = 0;
  bool needs_destroy_ = false;
  // Scratch of filtered calls.
  std::vector<uint32_t> rows_;
  std::vector<char*> payloads_;
  std::vector<int8_t> signs_;
};

/// The families of accumulators, each in its own file.
std::unique_ptr<Accumulator> MakeCountAccumulator(const sql::AggregateCall& call);
/// SUM, SUM0 and AVG; null when the argument is not numeric.
std::unique_ptr<Accumulator> MakeSumAccumulator(const sql::AggregateCall& call,
                                                const model::DataType& argument);
/// ARRAY_AGG and COLLECT, of any type.
std::unique_ptr<Accumulator> MakeCollectAccumulator(const sql::AggregateCall& call);
/// SINGLE_VALUE, of any type: more than one value is an error.
std::unique_ptr<Accumulator> MakeSingleValueAccumulator(const sql::AggregateCall& call);
/// VAR_POP and VAR_SAMP; null when the argument is no DOUBLE.
std::unique_ptr<Accumulator> MakeVarianceAccumulator(const sql::AggregateCall& call,
                                                     const model::DataType& argument);
/// MIN, MAX, FIRST_VALUE and LAST_VALUE over input without retractions; null for MIN and MAX of
/// nested types.
std::unique_ptr<Accumulator> MakeExtremeAccumulator(const sql::AggregateCall& call,
                                                    const model::DataType& argument);
/// MIN, MAX, FIRST_VALUE, LAST_VALUE and LISTAGG that remember every value, so that one can be
/// taken back.
std::unique_ptr<Accumulator> MakeRetractableAccumulator(const sql::AggregateCall& call,
                                                        const model::DataType& argument);
/// JSON_OBJECTAGG_* and JSON_ARRAYAGG_* over values that are JSON text already.
std::unique_ptr<Accumulator> MakeJsonAccumulator(const sql::AggregateCall& call);
/// A user's aggregate function in Python.
Result<std::unique_ptr<Accumulator>> MakePythonAccumulator(
    const sql::AggregateCall& call, const std::vector<model::DataType>& input);
/// The BITMAP_*_AGG functions; null when the argument has another type.
std::unique_ptr<Accumulator> MakeBitmapAccumulator(const sql::AggregateCall& call,
                                                   const model::DataType& argument,
                                                   bool retracting);
/// PERCENTILE(value, share or shares[, how often the value counts]); null when an argument has
/// another type.
std::unique_ptr<Accumulator> MakePercentileAccumulator(const sql::AggregateCall& call,
                                                       const std::vector<model::DataType>& input);
/// ROW_NUMBER, RANK, DENSE_RANK and LAG, over the rows of an OVER window in its order.
std::unique_ptr<Accumulator> MakeOrderAccumulator(const sql::AggregateCall& call);
/// Hands `inner` every distinct value once. `inner` reads column 0. A value that has not come for
/// `ttl` is forgotten, and counts again. Null for MAPs and ROWs.
std::unique_ptr<Accumulator> MakeDistinctAccumulator(std::unique_ptr<Accumulator> inner,
                                                     const sql::AggregateCall& call,
                                                     const model::DataType& argument, StateTtl ttl);

}  // namespace forebay::compute
