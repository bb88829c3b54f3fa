#include "rpc/client.h"

#include <charconv>
#include <mutex>
#include <thread>
#include <vector>

#include "rpc/client_channel.h"
#include "rpc/client_network.h"

namespace forebay::rpc {

namespace asio = boost::asio;

std::string ServerAddress::ToString() const {
  bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<ServerAddress> ServerAddress::Parse(const std::string& text) {
  ServerAddress address;
  size_t colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    const char* end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    if (error == std::errc() && rest == end && address.port != 0 && !address.host.empty()) {
      return address;
    }
  }
  return InvalidArgument("'{}' is no server's address: write it as host:port", text);
}

bool NetworkLoop::Post(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (stopped_) return false;
  asio::post(context_, std::move(task));
  return true;
}

bool NetworkLoop::PostAfter(int64_t delay_ms, std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (stopped_) return false;
  auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(delay_ms));
  timers_.insert(timer.get());
  timer->async_wait([this, timer, task = std::move(task)](const boost::system::error_code&) {
    {
      std::lock_guard inner(mutex_);
      timers_.erase(timer.get());
    }
    task();
  });
  return true;
}

void NetworkLoop::Stop(std::function<void()> last) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  stopped_ = true;
  for (asio::steady_timer* timer : timers_) timer->cancel();
  asio::post(context_, std::move(last));
  work_.reset();
}

namespace {

/// What the user of a connection holds: the connection ends with it.
class OwnedChannel : public Channel {
 public:
  OwnedChannel(std::shared_ptr<NetworkLoop> loop, std::shared_ptr<ClientChannel> channel)
      : loop_(std::move(loop)), channel_(std::move(channel)) {}
  ~OwnedChannel() override {
    // A loop that has stopped has shut the connection.
    loop_->Post([channel = channel_] {
      channel->Shut(Unavailable("the connection to {} was closed", channel->address().ToString()));
    });
  }

  const ServerAddress& address() const override { return channel_->address(); }

 protected:
  void Send(ApiKey api, OutgoingFrame message, int64_t timeout_ms,
            std::function<void(Result<Frame>)> done) override {
    channel_->Submit(api, std::move(message), timeout_ms, [done = std::move(done)](auto answer) {
      if (!answer.ok()) return done(answer.status());
      done(Frame{answer->first, std::move(answer->second)});
    });
  }
  int64_t answer_budget() const override { return channel_->options().frame_bytes_max; }

 private:
  const std::shared_ptr<NetworkLoop> loop_;
  const std::shared_ptr<ClientChannel> channel_;
};

class NetworkThread : public ClientNetwork {
 public:
  NetworkThread() : thread_([loop = loop_] { loop->Run(); }) {}
  ~NetworkThread() override { Stop(); }

  std::shared_ptr<Channel> Open(const ServerAddress& address,
                                const ClientOptions& options) override {
    auto channel = std::make_shared<ClientChannel>(loop_, address, options);
    std::lock_guard lock(mutex_);
    std::erase_if(channels_, [](const auto& one) { return one.expired(); });
    channels_.push_back(channel);
    return std::make_shared<OwnedChannel>(loop_, std::move(channel));
  }

  bool PostAfter(int64_t delay_ms, std::function<void()> task) override {
    return loop_->PostAfter(delay_ms, std::move(task));
  }

  void Stop() override {
    loop_->Stop([this] {
      std::vector<std::weak_ptr<ClientChannel>> channels;
      {
        std::lock_guard lock(mutex_);
        channels = channels_;
      }
      for (const auto& one : channels) {
        if (auto channel = one.lock()) channel->Shut(Unavailable("the client is being closed"));
      }
    });
    if (thread_.joinable()) thread_.join();
  }

 private:
  const std::shared_ptr<NetworkLoop> loop_ = std::make_shared<NetworkLoop>();
  std::mutex mutex_;
  std::vector<std::weak_ptr<ClientChannel>> channels_;  ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace

std::unique_ptr<ClientNetwork> ClientNetwork::Start() { return std::make_unique<NetworkThread>(); }

}  // namespace forebay::rpc
