#pragma once

#include <memory>
#include <string>

#include "io/remote_files.h"

namespace forebay::io {

/// How an object store that speaks Amazon's S3 is reached.
struct S3Options {
  std::string endpoint;  ///< "https://host:port" or "host:port"; empty: Amazon's of the region
  std::string region = "us-east-1";  ///< other stores take this one for theirs
  /// Both empty: what the environment, the shared credentials file or the machine's role says.
  std::string access_key;
  std::string secret_key;
};

/// Objects of an S3 store, under paths `s3://<bucket>/<key>`; the bucket must exist. Local files
/// are read through `local`, which must outlive the object. An object is there with all its bytes
/// when a write returns, or not at all; requests are bounded in time and tried again three times.
///
/// Nothing is asked of the store here, so that a server starts while it is away. kNotSupported when
/// the library for it is missing, kInvalidArgument when the options cannot be.
Result<std::unique_ptr<RemoteFiles>> MakeS3RemoteFiles(const S3Options& options, FileSystem& local);

/// Whether a path is in such a store.
bool IsS3Path(std::string_view path);

}  // namespace forebay::io
