#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace forebay::model {

/// Flink's logical type roots (org.apache.flink.table.types.logical.LogicalTypeRoot), all of them;
/// which ones can be executed is decided by the rooms that execute.
enum class TypeRoot : uint8_t {
  kNull,
  kBoolean,
  kTinyint,
  kSmallint,
  kInteger,
  kBigint,
  kFloat,
  kDouble,
  kDecimal,
  kChar,
  kVarchar,
  kBinary,
  kVarbinary,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kIntervalYearMonth,
  kIntervalDayTime,
  kArray,
  kMap,
  kMultiset,
  kRow,
  kVariant,
  kRaw,
  kStructured,
  kDescriptor,
};

/// How the cells of a column lie in memory (see column.h).
enum class PhysicalType : uint8_t {
  kNull,  ///< no cells: every row is NULL
  kBool,  ///< one byte, 0 or 1
  kInt8,
  kInt16,
  kInt32,  ///< INT, DATE (days since 1970-01-01), TIME (milliseconds of the day), INTERVAL YEAR TO
           ///< MONTH (months)
  kInt64,  ///< BIGINT, DECIMAL(p<=18) unscaled, TIMESTAMP and TIMESTAMP_LTZ, INTERVAL DAY TO SECOND
           ///< (milliseconds)
  kInt128,  ///< DECIMAL(p>18) unscaled
  kFloat,
  kDouble,
  kString,  ///< StringRef: character and byte strings
  kList,    ///< ARRAY: offsets and one child
  kMap,     ///< MAP and MULTISET: offsets and two children, keys and values
  kStruct,  ///< ROW: one child a field
};

/// The unit of a TIMESTAMP(p) or TIMESTAMP_LTZ(p) cell: milliseconds for p <= 3, microseconds for p
/// <= 6, else nanoseconds.
enum class TimeUnit : uint8_t { kMilli, kMicro, kNano };

class DataType;

/// One field of a ROW type.
struct RowField;

/// A Flink logical type: root, nullability and parameters. A small value; children are shared and
/// immutable, so copies are cheap. Thread-safe.
class DataType {
 public:
  static constexpr int kMaxLength = 2147483647;
  static constexpr int kMaxDecimalPrecision = 38;

  /// NULL, nullable: the type of the NULL literal.
  DataType() = default;

  static DataType Of(TypeRoot root, bool nullable = true);
  static DataType Null() { return Of(TypeRoot::kNull); }
  static DataType Boolean() { return Of(TypeRoot::kBoolean); }
  static DataType Tinyint() { return Of(TypeRoot::kTinyint); }
  static DataType Smallint() { return Of(TypeRoot::kSmallint); }
  static DataType Int() { return Of(TypeRoot::kInteger); }
  static DataType Bigint() { return Of(TypeRoot::kBigint); }
  static DataType Float() { return Of(TypeRoot::kFloat); }
  static DataType Double() { return Of(TypeRoot::kDouble); }
  static DataType Decimal(int precision, int scale);
  static DataType Char(int length);
  static DataType Varchar(int length);
  static DataType String() { return Varchar(kMaxLength); }
  static DataType Binary(int length);
  static DataType Varbinary(int length);
  static DataType Bytes() { return Varbinary(kMaxLength); }
  static DataType Date() { return Of(TypeRoot::kDate); }
  static DataType Time(int precision = 0);
  static DataType Timestamp(int precision = 6);
  static DataType TimestampLtz(int precision = 6);
  /// `text` is how Flink spells it between INTERVAL and the end, e.g. "SECOND(3)" or "YEAR".
  static DataType IntervalDayTime(std::string text = "SECOND(3)");
  static DataType IntervalYearMonth(std::string text = "MONTH");
  static DataType Array(DataType element);
  static DataType Map(DataType key, DataType value);
  static DataType Multiset(DataType element);
  static DataType Row(std::vector<RowField> fields);
  static DataType Variant() { return Of(TypeRoot::kVariant); }

  TypeRoot root() const { return root_; }
  bool nullable() const { return nullable_; }
  /// CHAR, VARCHAR, BINARY, VARBINARY: the length; DECIMAL, TIME, TIMESTAMP, TIMESTAMP_LTZ: the
  /// precision.
  int length() const { return length_; }
  int precision() const { return length_; }
  int scale() const { return scale_; }
  /// ARRAY and MULTISET: the element. MAP: key, value. ROW: the fields' types.
  const std::vector<DataType>& children() const;
  const std::vector<RowField>& fields() const;

  DataType WithNullable(bool nullable) const;
  DataType NotNull() const { return WithNullable(false); }
  DataType Nullable() const { return WithNullable(true); }

  PhysicalType physical() const;
  /// Of TIMESTAMP and TIMESTAMP_LTZ.
  TimeUnit time_unit() const;

  bool Is(TypeRoot root) const { return root_ == root; }
  bool IsExactNumeric() const;  ///< TINYINT to BIGINT, DECIMAL
  bool IsInteger() const;       ///< TINYINT to BIGINT
  bool IsNumeric() const;       ///< exact numeric, FLOAT, DOUBLE
  bool IsCharacter() const { return root_ == TypeRoot::kChar || root_ == TypeRoot::kVarchar; }
  bool IsBytes() const { return root_ == TypeRoot::kBinary || root_ == TypeRoot::kVarbinary; }
  bool IsTimestamp() const {
    return root_ == TypeRoot::kTimestamp || root_ == TypeRoot::kTimestampLtz;
  }
  bool IsInterval() const;
  bool IsTemporal() const;  ///< DATE, TIME, TIMESTAMP, TIMESTAMP_LTZ

  /// Flink's spelling (asSummaryString), e.g. "DECIMAL(10, 2) NOT NULL", "ROW<`a` INT, `b`
  /// STRING>".
  std::string ToString() const;

  /// Equal in every parameter and in nullability.
  friend bool operator==(const DataType& a, const DataType& b);
  /// Equal but for the nullability of the outermost type.
  bool EqualsIgnoringNullability(const DataType& other) const;

 private:
  struct Children;

  TypeRoot root_ = TypeRoot::kNull;
  bool nullable_ = true;
  int32_t length_ = 0;
  int32_t scale_ = 0;
  std::shared_ptr<const Children> children_;
};

struct RowField {
  std::string name;
  DataType type;
  std::string description = {};
  friend bool operator==(const RowField&, const RowField&) = default;
};

/// Bytes of one cell; 0 for kNull, kList, kMap and kStruct, whose cells are in offsets and
/// children.
int PhysicalSize(PhysicalType type);

/// Whether cells have children.
constexpr bool IsNested(PhysicalType type) {
  return type == PhysicalType::kList || type == PhysicalType::kMap || type == PhysicalType::kStruct;
}

/// Writes `name` in backticks, doubling those inside: Flink's EncodingUtils.escapeIdentifier.
std::string QuoteIdentifier(const std::string& name);

}  // namespace forebay::model
