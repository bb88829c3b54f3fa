#include "compute/source/datagen_source.h"

#include <charconv>
#include <limits>

#include "base/clock.h"
#include "base/duration.h"
#include "base/hash.h"

namespace forebay::compute {
namespace {

using model::ColumnBuilder;
using model::DataType;
using model::TypeRoot;

constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();
constexpr int64_t kDefaultRowsPerSecond = 10000;
constexpr int kDefaultLength = 100;

/// How one column is made.
struct FieldSpec {
  DataType type;
  bool sequence = false;
  int64_t start = 0;  ///< of a sequence
  double min = 0, max = 0;
  int length = kDefaultLength;
  bool variable_length = false;
  double null_rate = 0;
  int64_t max_past_ms = 0;
  uint64_t seed = 0;
};

struct DatagenSpec {
  std::vector<FieldSpec> fields;
  int64_t num_rows = kUnbounded;
  int64_t rows_per_second = kDefaultRowsPerSecond;
  int64_t (*now_ms)() = nullptr;
};

/// Reads the WITH options, with errors that name the option.
class Options {
 public:
  explicit Options(const std::map<std::string, std::string>& options) : options_(options) {}

  const std::string* Find(const std::string& key) const {
    auto found = options_.find(key);
    return found == options_.end() ? nullptr : &found->second;
  }
  template <typename T>
  Result<T> Number(const std::string& key, T fallback) const {
    const std::string* text = Find(key);
    if (text == nullptr) return fallback;
    T value{};
    auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) {
      return InvalidArgument("option '{}' is no number: '{}'", key, *text);
    }
    return value;
  }

 private:
  const std::map<std::string, std::string>& options_;
};

/// Flink's defaults: the whole range of the type.
std::pair<double, double> DefaultRange(const DataType& type) {
  switch (type.root()) {
    case TypeRoot::kTinyint: return {-128, 127};
    case TypeRoot::kSmallint: return {-32768, 32767};
    case TypeRoot::kInteger: return {-2147483648.0, 2147483647.0};
    case TypeRoot::kBigint: return {-9223372036854775808.0, 9223372036854775807.0};
    case TypeRoot::kFloat: return {0, std::numeric_limits<float>::max()};
    case TypeRoot::kDouble: return {0, 1e300};
    case TypeRoot::kDecimal: {
      double limit = 1;
      for (int i = 0; i < type.precision() - type.scale(); ++i) limit *= 10;
      return {-limit + 1, limit - 1};
    }
    default: return {0, 0};
  }
}

Status CheckType(const std::string& name, const DataType& type, bool sequence) {
  using model::PhysicalType;
  PhysicalType physical = type.physical();
  bool nested = physical == PhysicalType::kList || physical == PhysicalType::kMap ||
                physical == PhysicalType::kStruct || physical == PhysicalType::kNull;
  bool sequence_type = type.IsNumeric() || type.IsCharacter();
  if (nested || (sequence && !sequence_type)) {
    return NotSupported("datagen cannot make column {} of type {}", name, type.ToString());
  }
  return Status::Ok();
}

Result<FieldSpec> ParseField(const Options& options, const std::string& name, const DataType& type,
                             DatagenSpec& spec) {
  FieldSpec field;
  field.type = type;
  field.seed = HashBytes(name);
  std::string prefix = "fields." + name + ".";
  const std::string* kind = options.Find(prefix + "kind");
  if (kind != nullptr && *kind != "random" && *kind != "sequence") {
    return InvalidArgument("option '{}kind' must be random or sequence, not '{}'", prefix, *kind);
  }
  field.sequence = kind != nullptr && *kind == "sequence";
  RETURN_IF_ERROR(CheckType(name, type, field.sequence));
  if (field.sequence) {
    if (options.Find(prefix + "start") == nullptr || options.Find(prefix + "end") == nullptr) {
      return InvalidArgument("a sequence needs the options '{0}start' and '{0}end'", prefix);
    }
    ASSIGN_OR_RETURN(field.start, options.Number<int64_t>(prefix + "start", 0));
    ASSIGN_OR_RETURN(int64_t end, options.Number<int64_t>(prefix + "end", 0));
    // The source ends with its shortest sequence.
    spec.num_rows = std::min(spec.num_rows, std::max<int64_t>(end - field.start + 1, 0));
    return field;
  }
  auto [min, max] = DefaultRange(type);
  ASSIGN_OR_RETURN(field.min, options.Number<double>(prefix + "min", min));
  ASSIGN_OR_RETURN(field.max, options.Number<double>(prefix + "max", max));
  int natural =
      type.Is(TypeRoot::kChar) || type.Is(TypeRoot::kBinary) ? type.length() : kDefaultLength;
  ASSIGN_OR_RETURN(field.length, options.Number<int>(prefix + "length", natural));
  if (type.IsCharacter() || type.IsBytes()) field.length = std::min(field.length, type.length());
  ASSIGN_OR_RETURN(field.null_rate, options.Number<double>(prefix + "null-rate", 0));
  const std::string* variable = options.Find(prefix + "var-len");
  field.variable_length = variable != nullptr && *variable == "true";
  if (const std::string* past = options.Find(prefix + "max-past"); past != nullptr) {
    ASSIGN_OR_RETURN(field.max_past_ms, ParseDurationMs(*past));
  }
  if (field.min > field.max) return InvalidArgument("'{0}min' is above '{0}max'", prefix);
  return field;
}

double Unit(uint64_t random) { return static_cast<double>(random >> 11) * 0x1p-53; }

int64_t RandomInteger(const FieldSpec& field, uint64_t random) {
  bool whole_range = field.max - field.min >= 0x1p63;
  if (whole_range) return static_cast<int64_t>(random);
  uint64_t span = static_cast<uint64_t>(field.max - field.min) + 1;
  return static_cast<int64_t>(field.min) + static_cast<int64_t>(random % span);
}

/// Makes the cells of one column.
class CellMaker {
 public:
  CellMaker(const FieldSpec& field, int64_t now_ms) : field_(field), now_ms_(now_ms) {}

  void Append(ColumnBuilder& out, int64_t row) const {
    uint64_t random = HashInt(static_cast<uint64_t>(row), field_.seed);
    if (field_.null_rate > 0 && Unit(HashInt(random, 1)) < field_.null_rate) {
      return out.AppendNull();
    }
    if (field_.type.IsCharacter() || field_.type.IsBytes()) return AppendText(out, row, random);
    if (field_.type.physical() == model::PhysicalType::kFloat ||
        field_.type.physical() == model::PhysicalType::kDouble) {
      return AppendFloating(out, row, random);
    }
    AppendInteger(out, Integer(row, random));
  }

 private:
  int64_t Integer(int64_t row, uint64_t random) const {
    if (field_.sequence) return field_.start + row;
    switch (field_.type.root()) {
      case TypeRoot::kBoolean: return static_cast<int64_t>(random & 1);
      case TypeRoot::kTimestamp:
      case TypeRoot::kTimestampLtz: return Timestamp(random);
      // Flink gives the local date and time here.
      case TypeRoot::kDate: return now_ms_ / 86'400'000;
      case TypeRoot::kTime: return now_ms_ % 86'400'000;
      case TypeRoot::kDecimal: return RandomDecimal(random);
      default: return RandomInteger(field_, random);
    }
  }

  int64_t Timestamp(uint64_t random) const {
    int64_t ms = now_ms_;
    if (field_.max_past_ms > 0) ms -= static_cast<int64_t>(random % field_.max_past_ms);
    switch (field_.type.time_unit()) {
      case model::TimeUnit::kMilli: return ms;
      case model::TimeUnit::kMicro: return ms * 1000;
      default: return ms * 1'000'000;
    }
  }

  int64_t RandomDecimal(uint64_t random) const {
    double scale = 1;
    for (int i = 0; i < field_.type.scale(); ++i) scale *= 10;
    double value = (field_.min + (field_.max - field_.min) * Unit(random)) * scale;
    return static_cast<int64_t>(std::min(std::max(value, -9e18), 9e18));
  }

  void AppendInteger(ColumnBuilder& out, int64_t value) const {
    switch (field_.type.physical()) {
      case model::PhysicalType::kBool: return out.Append(static_cast<uint8_t>(value));
      case model::PhysicalType::kInt8: return out.Append(static_cast<int8_t>(value));
      case model::PhysicalType::kInt16: return out.Append(static_cast<int16_t>(value));
      case model::PhysicalType::kInt32: return out.Append(static_cast<int32_t>(value));
      case model::PhysicalType::kInt128: return out.Append(static_cast<model::Int128>(value));
      default: return out.Append(value);
    }
  }

  void AppendFloating(ColumnBuilder& out, int64_t row, uint64_t random) const {
    double value = field_.sequence ? static_cast<double>(field_.start + row)
                                   : field_.min + (field_.max - field_.min) * Unit(random);
    if (field_.type.physical() == model::PhysicalType::kFloat) {
      out.Append(static_cast<float>(value));
    } else {
      out.Append(value);
    }
  }

  void AppendText(ColumnBuilder& out, int64_t row, uint64_t random) const {
    if (field_.sequence) return out.AppendString(std::to_string(field_.start + row));
    int length = field_.length;
    if (field_.variable_length) length = 1 + static_cast<int>(random % std::max(length, 1));
    // Flink's random strings are hexadecimal digits.
    std::string text;
    for (int i = 0; i < length; ++i) {
      random = HashInt(random, static_cast<uint64_t>(i));
      text += field_.type.IsBytes() ? static_cast<char>(random) : "0123456789abcdef"[random & 15];
    }
    out.AppendString(text);
  }

  const FieldSpec& field_;
  const int64_t now_ms_;
};

class DatagenReader : public SourceReader {
 public:
  DatagenReader(const DatagenSpec& spec, const std::vector<DataType>& types)
      : spec_(spec), types_(types) {}

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
    int64_t share = std::max<int64_t>(spec_.rows_per_second / num_splits_, 1);
    int64_t due = (MonotonicMs() - started_ms_) * share / 1000 + 1;
    return std::min<int64_t>(due * static_cast<int64_t>(splits_.size()) - emitted_,
                             model::Batch::kMaxRows);
  }

  Status EmitRows(int index, int64_t count, SourceOutput& output) {
    Split& split = splits_[index];
    model::BatchBuilder builder(types_, static_cast<int>(count));
    std::vector<int64_t> numbers;
    for (; count > 0 && split.next < spec_.num_rows; --count, split.next += num_splits_) {
      numbers.push_back(split.next);
    }
    for (size_t f = 0; f < spec_.fields.size(); ++f) {
      CellMaker maker(spec_.fields[f], spec_.now_ms());
      for (int64_t number : numbers) maker.Append(builder.column(static_cast<int>(f)), number);
    }
    for (size_t i = 0; i < numbers.size(); ++i) builder.FinishRow();
    emitted_ += static_cast<int64_t>(numbers.size());
    return output.Emit(index, builder.Finish());
  }

  const DatagenSpec& spec_;
  const std::vector<DataType>& types_;
  int num_splits_ = 1;
  std::vector<Split> splits_;
  int64_t started_ms_ = 0;
  int64_t emitted_ = 0;
};

/// The number of splits is part of every split's id ("2/4"), since it decides which rows a split
/// has.
class DatagenSource : public Source {
 public:
  DatagenSource(DatagenSpec spec, std::vector<DataType> types)
      : spec_(std::move(spec)), types_(std::move(types)) {}

  Result<std::vector<SourceSplit>> EnumerateSplits(int num_shards) override {
    std::vector<SourceSplit> splits;
    for (int i = 0; i < num_shards; ++i) {
      splits.push_back({fmt::format("{}/{}", i, num_shards), std::to_string(i)});
    }
    return splits;
  }

  Result<std::unique_ptr<SourceReader>> MakeReader() override {
    return std::unique_ptr<SourceReader>(std::make_unique<DatagenReader>(spec_, types_));
  }

  bool IsBounded() const override { return spec_.num_rows != kUnbounded; }

 private:
  const DatagenSpec spec_;
  const std::vector<DataType> types_;
};

int64_t SystemNowMs() { return Clock::System().NowMs(); }

}  // namespace

Result<std::unique_ptr<Source>> MakeDatagenSource(const sql::TableScanNode& node,
                                                  const JobContext& context) {
  Options options(node.table.options);
  DatagenSpec spec;
  spec.now_ms = context.environment->now_ms != nullptr ? context.environment->now_ms : &SystemNowMs;
  ASSIGN_OR_RETURN(spec.num_rows, options.Number<int64_t>("number-of-rows", kUnbounded));
  ASSIGN_OR_RETURN(spec.rows_per_second,
                   options.Number<int64_t>("rows-per-second", kDefaultRowsPerSecond));
  if (spec.rows_per_second <= 0) return InvalidArgument("'rows-per-second' must be positive");
  const auto& columns = node.table.info.descriptor.schema.columns;
  std::vector<FieldSpec> all;
  // Columns that are not read count too: a sequence ends the source.
  for (const model::ColumnSpec& column : columns) {
    ASSIGN_OR_RETURN(FieldSpec field, ParseField(options, column.name, column.type, spec));
    all.push_back(std::move(field));
  }
  for (int index : node.columns) spec.fields.push_back(all[index]);
  return std::unique_ptr<Source>(
      std::make_unique<DatagenSource>(std::move(spec), node.OutputTypes()));
}

}  // namespace forebay::compute
