#include "serve/http/sql_sessions.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/random.h"

namespace forebay::serve {

Result<std::string> SqlSessions::Open() {
  std::lock_guard lock(mutex_);
  EndIdleLocked();
  if (sessions_.size() >= kSessionsMax) {
    return Unavailable("{} sessions are open, the most there may be", kSessionsMax);
  }
  std::string id = fmt::format("{:016x}{:016x}", RandomBits(), RandomBits());
  sessions_[id] = {std::make_shared<Session>(engine_), {}, MonotonicMs()};
  return id;
}

Result<std::shared_ptr<Session>> SqlSessions::Use(const std::string& id) {
  std::lock_guard lock(mutex_);
  EndIdleLocked();
  auto it = sessions_.find(id);
  if (it == sessions_.end()) {
    Error error = NotFound("there is no such session, or it ended");
    error.hint = "open one with POST /api/v1/sessions";
    return error;
  }
  if (!it->second.lease.expired()) return Conflict("another request uses this session");
  it->second.used_ms = MonotonicMs();
  // A pointer of its own, whose end is the end of the request's use.
  std::shared_ptr<Session> lease(it->second.session.get(),
                                 [keep = it->second.session](Session*) {});
  it->second.lease = lease;
  return lease;
}

Status SqlSessions::Close(const std::string& id) {
  std::lock_guard lock(mutex_);
  if (sessions_.erase(id) == 0) return NotFound("there is no such session, or it ended");
  return Status::Ok();
}

void SqlSessions::EndIdleLocked() {
  int64_t now_ms = MonotonicMs();
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    Entry& entry = it->second;
    if (!entry.lease.expired()) entry.used_ms = now_ms;
    it = now_ms - entry.used_ms > kIdleMsMax ? sessions_.erase(it) : std::next(it);
  }
}

}  // namespace forebay::serve
