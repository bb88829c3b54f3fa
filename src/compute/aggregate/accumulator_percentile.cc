#include <cmath>
#include <map>

#include "compute/aggregate/accumulator_object.h"

namespace forebay::compute {

using model::Column;
using model::DataType;
using model::TypeRoot;

namespace {

/// The order of Java's Double.compare: NaN equals itself and comes last.
struct JavaOrder {
  bool operator()(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    return a == b ? std::signbit(a) && !std::signbit(b) : a < b;
  }
};

/// How often each value came, and the shares of the first row that came.
struct Distribution {
  bool has_shares = false;
  std::vector<double> shares;
  std::map<double, int64_t, JavaOrder, StateAllocator<std::pair<const double, int64_t>>> counts;
};

double NumberAt(const Column& column, int row) {
  double unscaled = 0;
  model::DispatchPhysical(column.physical(), [&]<typename T>(T*) {
    if constexpr (!std::is_same_v<T, model::StringRef>) {
      unscaled = static_cast<double>(column.Get<T>(row));
    }
  });
  if (!column.type().Is(TypeRoot::kDecimal)) return unscaled;
  return unscaled / std::pow(10.0, column.type().scale());
}

/// PERCENTILE: exact, with linear interpolation between the two nearest values (Flink's
/// PercentileAggFunction).
class PercentileAccumulator : public ObjectAccumulator<Distribution> {
 public:
  PercentileAccumulator(const sql::AggregateCall& call, bool many)
      : value_(call.args[0]),
        share_(call.args[1]),
        frequency_(call.args.size() > 2 ? call.args[2] : -1),
        many_(many),
        distinct_(call.distinct) {}

  bool MayFail() const override { return true; }
  void Update(const AccumulatorInput& input) override {
    const Column& values = input.batch.columns[value_];
    for (size_t i = 0; i < input.rows.size(); ++i) {
      int row = static_cast<int>(input.rows[i]);
      Distribution& distribution = Object(input.payloads[i]);
      if (!distribution.has_shares) ReadShares(input.batch.columns[share_], row, distribution);
      int64_t frequency = frequency_ < 0 ? 1 : FrequencyAt(input.batch.columns[frequency_], row);
      if (frequency <= 0 || values.IsNull(row)) continue;
      bool taken_back = input.signs != nullptr && input.signs[i] < 0;
      Add(distribution, NumberAt(values, row), taken_back ? -frequency : frequency);
    }
  }
  void Merge(char* into, const char* from) override {
    if (Peek(from) == nullptr) return;
    Distribution& distribution = Object(into);
    if (!distribution.has_shares && Peek(from)->has_shares) {
      distribution.has_shares = true;
      distribution.shares = Peek(from)->shares;
    }
    for (const auto& [value, count] : Peek(from)->counts) Add(distribution, value, count);
  }
  void Emit(std::span<char* const> payloads, model::ColumnBuilder& builder) override {
    for (char* payload : payloads) {
      const Distribution* distribution = Peek(payload);
      int64_t total = 0;
      if (distribution != nullptr) {
        for (const auto& [value, count] : distribution->counts) total += Times(count);
      }
      if (total <= 0 || distribution->shares.empty()) {
        builder.AppendNull();
      } else if (!many_) {
        builder.Append<double>(At(*distribution, total, distribution->shares[0]));
      } else {
        for (double share : distribution->shares) {
          builder.child(0).Append<double>(At(*distribution, total, share));
        }
        builder.FinishEntry();
      }
    }
  }
  void Save(const char* payload, ByteWriter& writer) const override {
    static const Distribution kNone;
    const Distribution& saved = Peek(payload) == nullptr ? kNone : *Peek(payload);
    writer.Write<uint8_t>(saved.has_shares ? 1 : 0);
    writer.WriteVarint(saved.shares.size());
    for (double share : saved.shares) writer.Write<double>(share);
    writer.WriteVarint(saved.counts.size());
    for (const auto& [value, count] : saved.counts) {
      writer.Write<double>(value);
      writer.Write<int64_t>(count);
    }
  }
  Status Load(char* payload, ByteReader& reader) override {
    Distribution& distribution = Object(payload);
    ASSIGN_OR_RETURN(uint8_t has_shares, reader.Read<uint8_t>());
    distribution.has_shares = has_shares != 0;
    ASSIGN_OR_RETURN(uint64_t shares, reader.ReadVarint());
    for (uint64_t i = 0; i < shares; ++i) {
      ASSIGN_OR_RETURN(double share, reader.Read<double>());
      distribution.shares.push_back(share);
    }
    ASSIGN_OR_RETURN(uint64_t counts, reader.ReadVarint());
    for (uint64_t i = 0; i < counts; ++i) {
      ASSIGN_OR_RETURN(double value, reader.Read<double>());
      ASSIGN_OR_RETURN(int64_t count, reader.Read<int64_t>());
      distribution.counts[value] = count;
    }
    return Status::Ok();
  }

 private:
  static int64_t FrequencyAt(const Column& column, int row) {
    return column.IsNull(row) ? 0 : static_cast<int64_t>(NumberAt(column, row));
  }
  // A value that was taken back before it came has a negative count until then.
  static void Add(Distribution& distribution, double value, int64_t count) {
    auto it = distribution.counts.try_emplace(value, 0).first;
    it->second += count;
    if (it->second == 0) distribution.counts.erase(it);
  }
  void ReadShares(const Column& column, int row, Distribution& distribution) {
    if (column.IsNull(row)) return;
    distribution.has_shares = true;
    int begin = many_ ? column.offsets()[row] : row;
    int end = many_ ? column.offsets()[row + 1] : row + 1;
    const Column& shares = many_ ? column.children()[0] : column;
    for (int i = begin; i < end; ++i) {
      double share = shares.IsNull(i) ? -1 : shares.Get<double>(i);
      if (!(share >= 0 && share <= 1)) {
        return Fail(InvalidArgument("PERCENTILE: a percentage must be between 0 and 1: {}", share));
      }
      distribution.shares.push_back(share);
    }
  }
  int64_t Times(int64_t count) const { return distinct_ && count > 0 ? 1 : count; }
  /// The value at position `share` of the sorted values, between two of them when that is no whole
  /// number.
  double At(const Distribution& distribution, int64_t total, double share) const {
    double position = share * static_cast<double>(total - 1) + 1;
    auto lower = static_cast<int64_t>(std::floor(position));
    auto higher = static_cast<int64_t>(std::ceil(position));
    auto at = distribution.counts.begin();
    int64_t seen = Times(at->second);
    while (seen < lower && std::next(at) != distribution.counts.end()) {
      seen += Times((++at)->second);
    }
    auto next = std::next(at);
    if (seen >= higher || next == distribution.counts.end()) return at->first;
    return (static_cast<double>(higher) - position) * at->first +
           (position - static_cast<double>(lower)) * next->first;
  }

  int value_;
  int share_;
  int frequency_;
  bool many_;
  bool distinct_;  ///< each value counts once
};

bool IsShare(const DataType& type) { return type.Is(TypeRoot::kDouble); }

}  // namespace

std::unique_ptr<Accumulator> MakePercentileAccumulator(const sql::AggregateCall& call,
                                                       const std::vector<DataType>& input) {
  if (call.args.size() < 2 || !input[call.args[0]].IsNumeric()) return nullptr;
  const DataType& share = input[call.args[1]];
  bool many = share.Is(TypeRoot::kArray);
  if (many ? !IsShare(share.children()[0]) : !IsShare(share)) return nullptr;
  if (call.args.size() > 2 && !input[call.args[2]].IsInteger()) return nullptr;
  return std::make_unique<PercentileAccumulator>(call, many);
}

}  // namespace forebay::compute
