#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "format/text/json_rows.h"
#include "format/text/json_writer.h"
#include "model/batch.h"

namespace forebay::format {

/// How tools that follow a database's log write its changes as JSON, an object a change.
enum class ChangeJson { kDebezium, kCanal, kMaxwell, kOgg };

/// "debezium-json" and the like; nullopt for other names.
std::optional<ChangeJson> ChangeJsonByName(std::string_view name);

/// Something that a change says beside its rows, by Flink's metadata keys: "source.database",
/// "ingestion-timestamp". The type is nullable: STRING, TIMESTAMP_LTZ, or a collection.
struct ChangeMetadata {
  std::string key;
  model::DataType type;
};

struct ChangeJsonOptions {
  ChangeJson kind = ChangeJson::kDebezium;
  bool schema_include = false;  ///< Debezium: the change is in the field "payload"
  bool iso_timestamps = false;
  /// Changes that cannot be read are left out, cells that cannot be read are NULL.
  bool ignore_parse_errors = false;
  /// Canal: whose changes are read; null: all.
  std::function<bool(std::string_view)> database, table;
};

/// Reads a change a line as Flink's debezium-json, canal-json, maxwell-json and ogg-json formats
/// (org.apache.flink.formats.json.debezium.DebeziumJsonDeserializationSchema and its kin): an
/// update is two rows, -U and +U. Bytes are foreign: anything may be wrong with them.
/// Thread-compatible.
class ChangeJsonReader {
 public:
  /// Rows have `columns`, then `metadata`.
  ChangeJsonReader(std::vector<model::ColumnSpec> columns, std::vector<ChangeMetadata> metadata,
                   ChangeJsonOptions options);
  ~ChangeJsonReader();
  /// The rows of whole lines; empty lines are nothing. kInvalidArgument names line and reason.
  Result<model::Batch> Read(std::string_view lines);
  /// The number of the next line in error messages.
  void SetNextLine(int64_t line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Appends a row as a change, without a line end, as Flink's encoders do: an update is a deletion
/// and an insertion.
Status AppendChangeJson(std::string& out, ChangeJson kind, const std::vector<std::string>& names,
                        const model::Batch& batch, int row, const JsonWriteOptions& options = {});

}  // namespace forebay::format
