#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "model/batch.h"
#include "model/table.h"

namespace arrow {
class DataType;
class RecordBatch;
class Schema;
}  // namespace arrow

namespace forebay::format {

/// The Arrow type a column of `type` has in record batches (see record_batch_message.h for the
/// mapping).
std::shared_ptr<arrow::DataType> ArrowTypeOf(const model::DataType& type);

/// The columns as an Arrow schema.
std::shared_ptr<arrow::Schema> ArrowSchemaOf(const model::Schema& schema);

/// The rows as an Arrow record batch; change types are left out. One copy of the cells.
Result<std::shared_ptr<arrow::RecordBatch>> ToArrow(const model::Batch& batch,
                                                    const model::Schema& schema);

/// The rows of an Arrow record batch whose columns stand for `types` in order. Columns of another
/// Arrow type are cast when that loses nothing (other time units, large strings, dictionaries);
/// kInvalidArgument when it would.
Result<model::Batch> FromArrow(const arrow::RecordBatch& batch,
                               const std::vector<model::DataType>& types);

}  // namespace forebay::format
