#include "serve/fluss/scan_sessions.h"

#include <random>

#include "base/bytes.h"

namespace forebay::serve {

std::unique_ptr<ScanSession> ScanSessions::Open() {
  std::lock_guard lock(mutex_);
  auto now = std::chrono::steady_clock::now();
  std::erase_if(sessions_,
                [&](const auto& entry) { return entry.second->last_used + kSilenceMax < now; });
  if (sessions_.size() >= kSessionsMax) return nullptr;
  auto session = std::make_unique<ScanSession>();
  // Other clients must not guess it.
  std::random_device random;
  ByteWriter id;
  id.Write(next_id_++);
  id.Write(uint64_t{random()} << 32 | random());
  session->id = id.Take();
  return session;
}

std::unique_ptr<ScanSession> ScanSessions::Take(const std::string& id) {
  std::lock_guard lock(mutex_);
  auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  auto session = std::move(found->second);
  sessions_.erase(found);
  return session;
}

void ScanSessions::Put(std::unique_ptr<ScanSession> session) {
  std::lock_guard lock(mutex_);
  session->last_used = std::chrono::steady_clock::now();
  std::string id = session->id;
  sessions_[id] = std::move(session);
}

}  // namespace forebay::serve
