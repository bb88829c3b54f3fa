#pragma once

#include <string>

#include "storage/storage_server.h"

namespace forebay::storage {

/// Opens a data directory in a process of its own, does the remote work of all its buckets, and
/// gives the process's exit status: kFailpointExitStatus when `failpoint` ended it. Nobody else may
/// have the directory open.
int RemoteWorkInOtherProcess(const StorageOptions& options, const std::string& failpoint);

}  // namespace forebay::storage
