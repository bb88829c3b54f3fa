#pragma once

#include <boost/asio.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

namespace forebay::rpc {

/// The event loop of a client's connections, which outlives them. Thread-safe.
class NetworkLoop : public std::enable_shared_from_this<NetworkLoop> {
 public:
  boost::asio::io_context& context() { return context_; }

  /// Runs `task` on the loop's thread. False, and nothing is run, when the loop has stopped.
  bool Post(std::function<void()> task);
  /// The same after a while, or as soon as the loop stops.
  bool PostAfter(int64_t delay_ms, std::function<void()> task);

  /// Runs until Stop and everything that was begun has come to its end.
  void Run() { context_.run(); }
  /// Takes no more tasks; `last` is run as the last of those from outside.
  void Stop(std::function<void()> last);

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(context_);
  std::mutex mutex_;
  bool stopped_ = false;                         ///< guarded by mutex_
  std::set<boost::asio::steady_timer*> timers_;  ///< guarded by mutex_
};

}  // namespace forebay::rpc
