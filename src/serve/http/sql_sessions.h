#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "serve/session/session.h"

namespace forebay::serve {

/// Sessions that clients keep over several requests, named by an id that nobody can guess. A
/// session that nobody uses for an hour ends. Thread-safe.
class SqlSessions {
 public:
  static constexpr size_t kSessionsMax = 256;
  static constexpr int64_t kIdleMsMax = 3'600'000;

  /// `engine` outlives the sessions.
  explicit SqlSessions(const Engine& engine) : engine_(engine) {}

  /// Opens a session and returns its id; kUnavailable when there are too many.
  Result<std::string> Open();
  /// The session for one request, which has it alone until the pointer is dropped. kNotFound: no
  /// such session, or it ended; kConflict: another request uses it.
  Result<std::shared_ptr<Session>> Use(const std::string& id);
  /// Ends a session; a request that uses it goes on. kNotFound when there is none.
  Status Close(const std::string& id);

 private:
  struct Entry {
    std::shared_ptr<Session> session;
    std::weak_ptr<Session> lease;  ///< what Use gave out last
    int64_t used_ms = 0;           ///< when it was used last, by MonotonicMs
  };

  void EndIdleLocked();

  const Engine& engine_;
  std::mutex mutex_;
  std::map<std::string, Entry> sessions_;
};

}  // namespace forebay::serve
