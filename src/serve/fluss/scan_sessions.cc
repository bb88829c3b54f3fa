#include "serve/fluss/scan_sessions.h"

#include "base/bytes.h"
#include "base/clock.h"

namespace forebay::serve {

std::unique_ptr<ScanSession> ScanSessions::Open() {
  std::lock_guard lock(mutex_);
  int64_t now_ms = MonotonicMs();
  std::erase_if(sessions_, [&](const auto& entry) {
    return entry.second->last_used_ms + kSilenceMaxMs < now_ms;
  });
  if (sessions_.size() >= kSessionsMax) return nullptr;
  auto session = std::make_unique<ScanSession>();
  ByteWriter id;
  id.Write(next_id_++);
  id.Write(MonotonicNs());  // not those of the server before a restart
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
  session->last_used_ms = MonotonicMs();
  std::string id = session->id;
  sessions_[id] = std::move(session);
}

}  // namespace forebay::serve
