#pragma once

#include <memory>

#include "client/connection.h"

namespace forebay::storage {
class StorageServer;
}

namespace forebay::client {

/// How the tests reach the storage core they opened. The same tests are part of two programs:
/// client_test, which has it in the process, and app_test, which speaks Fluss's protocol with a
/// server of it.
struct TestDoor {
  std::shared_ptr<void> keeps;  ///< what the connection needs; goes after it
  std::unique_ptr<Connection> connection;
  bool is_remote = false;
};

/// `storage` outlives the door. Each program has its own.
TestDoor OpenTestDoor(storage::StorageServer& storage);

}  // namespace forebay::client
