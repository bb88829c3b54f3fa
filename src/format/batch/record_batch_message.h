#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/batch/compression.h"
#include "model/batch.h"

namespace forebay::format {

/// What all buffers of one compressed message may have together when inflated: what a few hostile
/// bytes can make a reader allocate.
inline constexpr int64_t kInflatedBytesMax = 512 << 20;

/// Appends the encapsulated Arrow IPC message of `batch` to `out`: 0xFFFFFFFF, int32 metadata
/// length, flatbuffer metadata, body. No schema message: both sides know the types.
///
/// Arrow types: CHAR and VARCHAR Utf8, BINARY FixedSizeBinary, VARBINARY and VARIANT Binary,
/// DECIMAL Decimal128, DATE Date32, TIME Time32 in s (p = 0) or ms, Time64 in us (p <= 6) or ns,
/// both TIMESTAMPs the same units without a zone, MAP and MULTISET Map, INTERVALs their integers.
///
/// kOutOfRange for a compressed message of more than kInflatedBytesMax.
///
/// Written without the Arrow library, whose writer costs several allocations a column.
Status AppendRecordBatchMessage(const model::Batch& batch, BodyCompression compression,
                                std::string& out);

/// The columns of such a message with `num_rows` rows; see DecodeLogBatch. Safe for any bytes.
Result<std::vector<model::Column>> DecodeRecordBatchMessage(
    std::string_view message, int num_rows, const std::vector<model::DataType>& types,
    const std::vector<int>* projection, std::shared_ptr<const void> owner);

}  // namespace forebay::format
