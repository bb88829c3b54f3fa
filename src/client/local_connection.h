#pragma once

#include <memory>

#include "client/connection.h"

namespace forebay::storage {
class StorageServer;
}

namespace forebay::client {

/// The door to a storage core in this process. Thread-safe.
class LocalConnection {
 public:
  /// `storage` must outlive the connection. What the connection opened may outlive both: it answers
  /// kUnavailable then.
  static std::unique_ptr<Connection> Open(storage::StorageServer& storage);
};

}  // namespace forebay::client
