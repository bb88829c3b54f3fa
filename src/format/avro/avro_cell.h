#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/avro/avro_schema.h"
#include "model/batch.h"

namespace forebay::format {

/// Avro's binary encoding, read with every length checked. Thread-compatible.
class AvroBytes {
 public:
  explicit AvroBytes(std::string_view bytes) : bytes_(bytes) {}

  Result<int64_t> ReadLong();
  Result<std::string_view> ReadBytes(size_t count);
  Result<std::string_view> ReadString();
  /// The number of items of an array's or map's next block; 0 at the end. Each has `bytes_min`
  /// bytes or more.
  Result<int64_t> ReadBlockCount(size_t bytes_min);
  /// That `count` things of `bytes_min` bytes or more can still be there; call it once for each.
  Status CheckCount(int64_t count, size_t bytes_min);
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  size_t total() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
  int64_t empty_items_ = 0;  ///< things of no bytes so far
};

/// Reads records written under one schema as rows of given columns. Immutable.
class AvroRowDecoder {
 public:
  static Result<std::unique_ptr<AvroRowDecoder>> Make(
      std::shared_ptr<const AvroSchema> schema, const std::vector<model::ColumnSpec>& columns);
  Status Append(AvroBytes& in, model::BatchBuilder& builder) const;
  /// The fewest bytes that a record has.
  size_t bytes_min() const { return bytes_min_; }

 private:
  std::shared_ptr<const AvroSchema> schema_;
  std::vector<model::ColumnSpec> columns_;
  std::vector<int> column_of_field_;      ///< -1: skipped
  std::vector<int> absent_;               ///< columns that the file does not have
  std::optional<int64_t> record_branch_;  ///< of a union of a record and null
  size_t bytes_min_ = 0;
};

void AppendAvroLong(std::string& out, int64_t value);
void AppendAvroString(std::string& out, std::string_view text);
/// The cell under the schema that AvroSchemaOf makes of `type`; the column may be less nullable.
void AppendAvroCell(std::string& out, const model::Column& column, const model::DataType& type,
                    int row);

}  // namespace forebay::format
