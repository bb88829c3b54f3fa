#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"

namespace forebay::format {

/// Reads an Avro object container file (Avro specification 1.11; codecs null, deflate, snappy and
/// zstandard) as rows of given columns, fed in chunks cut anywhere. Fields are found by name, those
/// that the file does not have are NULL, and values fit a column as in Flink's avro format, or when
/// nothing of them is lost. Bytes are foreign: anything may be wrong. Thread-compatible.
class AvroFileReader {
 public:
  explicit AvroFileReader(std::vector<model::ColumnSpec> columns);
  ~AvroFileReader();
  /// Appends the rows of the blocks that `chunk` completes to `builder`, which has the columns'
  /// types. kCorruption, kNotSupported, kInvalidArgument (a value that does not fit); the reader
  /// and the builder are of no use then.
  Status Feed(std::string_view chunk, model::BatchBuilder& builder);
  /// Ends the file: kCorruption when it ends within a block.
  Status Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

enum class AvroCodec { kNull, kDeflate, kSnappy, kZstandard };
/// "snappy" and the like, as the files spell them.
Result<AvroCodec> AvroCodecByName(std::string_view name);

/// Makes an Avro object container file under the schema that Flink's avro format has for the
/// columns. Thread-compatible.
class AvroFileWriter {
 public:
  static Result<std::unique_ptr<AvroFileWriter>> Make(const std::vector<model::ColumnSpec>& columns,
                                                      AvroCodec codec, bool legacy_timestamps);
  ~AvroFileWriter();
  Status Write(const model::Batch& batch);
  /// The whole file; the writer is of no use afterwards.
  Result<std::string> Finish();

 private:
  struct State;
  explicit AvroFileWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace forebay::format
