#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "compute/operator/operator.h"

namespace forebay::compute {

inline constexpr std::string_view kProgressTable = "progress";

/// The watermark or processing time an operator has reached, kept in checkpoints so that rows that
/// were late stay late.
inline void SaveProgress(StateWriter& writer, int shard, int64_t progress) {
  ByteWriter value;
  value.Write<int64_t>(progress);
  writer.Put(kProgressTable, kUnkeyed, std::to_string(shard), value.view());
}

/// With another number of shards the smallest one is what holds for all rows. Leaves `progress` as
/// it is when none was saved.
inline Status LoadProgress(StateReader& reader, int64_t& progress) {
  int64_t smallest = kMaxWatermark;
  RETURN_IF_ERROR(reader.ForEach(kProgressTable, [&](std::string_view, std::string_view value) {
    ByteReader bytes(value);
    ASSIGN_OR_RETURN(int64_t saved, bytes.Read<int64_t>());
    smallest = std::min(smallest, saved);
    return Status::Ok();
  }));
  if (smallest != kMaxWatermark) progress = smallest;
  return Status::Ok();
}

}  // namespace forebay::compute
