#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/table.h"
#include "rpc/messages.h"

namespace forebay::client {

/// Log batches from the segment that `info` names first, from the batch that holds the wanted
/// offset on: about a megabyte, the last batch may be cut off. Servers tell where segments are that
/// they have brought to remote storage, and clients read them there
/// (org.apache.fluss.client.table.scanner.log.RemoteLogDownloader): in directories that this
/// machine sees under the same path. kNotSupported for other file systems; blocks.
Result<std::shared_ptr<const std::string>> ReadRemoteSegment(const rpc::PbRemoteLogFetchInfo& info);

}  // namespace forebay::client
