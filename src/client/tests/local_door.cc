#include "client/local_connection.h"
#include "client/tests/test_door.h"

namespace forebay::client {

TestDoor OpenTestDoor(storage::StorageServer& storage) {
  return {nullptr, LocalConnection::Open(storage), false};
}

}  // namespace forebay::client
