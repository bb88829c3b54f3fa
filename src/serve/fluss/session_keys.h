#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "serve/fluss/sts_request.h"

namespace forebay::serve {

/// Where keys that hold for some time come from.
struct SessionKeyOptions {
  /// The security token service, "http://host:port" or "https://host:port"; empty: Amazon's of the
  /// region.
  std::string endpoint;
  std::string region;
  std::string role_arn;  ///< unless empty: the keys are this role's, else the asking key's own
  /// Ask for them.
  std::string access_key;
  std::string secret_key;
};

/// Gives clients keys of the object store that hold for some time only, fetched from a security
/// token service (org.apache.fluss.fs.s3.token.S3DelegationTokenProvider). Keys serve until half of
/// their time is over. A thread of its own asks the service, so that nobody else waits.
/// Thread-safe.
class SessionKeys {
 public:
  using Done = std::function<void(const Result<SessionKey>& key)>;

  /// The clock must outlive the object.
  SessionKeys(SessionKeyOptions options, const Clock& clock);
  ~SessionKeys() { Stop(); }

  /// Calls `done`, here or later on the thread: kUnavailable when the service has no answer, or
  /// after Stop.
  void Get(Done done);
  void Stop();

 private:
  void Run();
  Result<SessionKey> Fetch() const;

  const SessionKeyOptions options_;
  const Clock& clock_;
  std::mutex mutex_;  ///< guards all below
  std::condition_variable wakes_;
  std::vector<Done> waiting_;
  SessionKey key_;
  int64_t serves_until_ms_ = 0;  ///< the key
  bool stops_ = false;
  std::thread thread_;
};

}  // namespace forebay::serve
