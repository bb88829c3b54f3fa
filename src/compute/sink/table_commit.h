#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/connection.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// The rows of one (shard, bucket) and epoch, as they stand in a checkpoint until they are written.
struct TableCommit {
  int shard = 0;
  model::BucketId bucket;
  int64_t writer_id = -1;
  /// (sequence, log batch), to be written in this order.
  std::vector<std::pair<int32_t, std::string>> batches;

  std::string Key() const;
  std::string Value() const;
  static Result<TableCommit> Parse(std::string_view key, std::string_view value);
};

/// Writes TableCommits with `writer`. Tries again with growing pauses while the table is busy or
/// the disk full. Rows of a partition that was dropped meanwhile go with it.
std::unique_ptr<Committer> MakeTableCommitter(const model::TableInfo& table,
                                              std::shared_ptr<client::TableWriter> writer);

}  // namespace forebay::compute
