#include "serve/fluss/session_keys.h"

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>

#include "base/log.h"
#include "rpc/tls_context.h"

namespace forebay::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kAnswerMax(10);
constexpr size_t kAnswerBytesMax = 1 << 20;
constexpr const char* kContentType = "application/x-www-form-urlencoded; charset=utf-8";

/// The parts of an endpoint.
struct Place {
  bool is_secure = true;
  std::string host;
  std::string port;

  /// As the header `Host` has it.
  std::string HostHeader() const {
    bool usual = port == (is_secure ? "443" : "80");
    return usual ? host : fmt::format("{}:{}", host, port);
  }
};

Place PlaceOf(const SessionKeyOptions& options) {
  std::string_view rest = options.endpoint;
  if (rest.empty()) return {true, fmt::format("sts.{}.amazonaws.com", options.region), "443"};
  Place place;
  place.is_secure = !rest.starts_with("http://");
  if (size_t colon = rest.find("://"); colon != std::string_view::npos) {
    rest.remove_prefix(colon + 3);
  }
  rest = rest.substr(0, rest.find('/'));
  size_t colon = rest.rfind(':');
  place.host = rest.substr(0, colon);
  place.port = place.is_secure ? "443" : "80";
  if (colon != std::string_view::npos) place.port = rest.substr(colon + 1);
  return place;
}

/// One request and its answer. Lives until the loop has run.
class Exchange {
 public:
  Exchange(asio::io_context& loop, const Place& place, const Request& request)
      : place_(place), request_(request), resolver_(loop), socket_(loop) {}

  asio::awaitable<void> Run() {
    auto [found, endpoints] =
        co_await resolver_.async_resolve(place_.host, place_.port, kCompletion);
    if (Failed(found, "cannot find it")) co_return;
    auto [connected, endpoint] = co_await asio::async_connect(socket_, endpoints, kCompletion);
    if (Failed(connected, "cannot reach it")) co_return;
    if (!place_.is_secure) {
      co_await Ask(socket_);
      co_return;
    }
    auto context = rpc::MakeTlsContext(rpc::ClientTls{.is_on = true});
    if (!context.ok()) {
      outcome_ = context.status();
      co_return;
    }
    asio::ssl::stream<tcp::socket&> stream(socket_, **context);
    SSL_set_tlsext_host_name(stream.native_handle(), place_.host.c_str());
    stream.set_verify_callback(asio::ssl::host_name_verification(place_.host));
    auto [shaken] = co_await stream.async_handshake(asio::ssl::stream_base::client, kCompletion);
    if (shaken) {
      outcome_ = Unavailable("no TLS: {}", rpc::TlsFailure(shaken, stream.native_handle()));
      co_return;
    }
    co_await Ask(stream);
  }

  /// The answer's body; an error in it as well, whatever its status.
  Result<std::string> Finish() {
    if (!outcome_.has_value()) return Unavailable("no answer within {} s", kAnswerMax.count());
    RETURN_IF_ERROR(*outcome_);
    return std::move(parser_.get().body());
  }

 private:
  template <typename Stream>
  asio::awaitable<void> Ask(Stream& stream) {
    auto [sent, sent_bytes] = co_await http::async_write(stream, request_, kCompletion);
    if (Failed(sent, "it went away")) co_return;
    parser_.body_limit(kAnswerBytesMax);
    auto [read, read_bytes] = co_await http::async_read(stream, buffer_, parser_, kCompletion);
    if (!Failed(read, "no answer")) outcome_ = Status();
  }

  bool Failed(const error_code& error, std::string_view what) {
    if (error) outcome_ = Unavailable("{}: {}", what, error.message());
    return static_cast<bool>(error);
  }

  const Place& place_;
  const Request& request_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  std::optional<Status> outcome_;
};

Result<std::string> Post(const Place& place, const Request& request) {
  asio::io_context loop;
  Exchange exchange(loop, place, request);
  asio::co_spawn(loop, exchange.Run(), asio::detached);
  loop.run_for(kAnswerMax);
  return exchange.Finish();
}

}  // namespace

SessionKeys::SessionKeys(SessionKeyOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), thread_([this] { Run(); }) {}

void SessionKeys::Get(Done done) {
  std::unique_lock lock(mutex_);
  if (stops_) {
    lock.unlock();
    return done(Unavailable("the server is stopping"));
  }
  if (clock_.NowMs() >= serves_until_ms_) {
    waiting_.push_back(std::move(done));
    wakes_.notify_one();
    return;
  }
  SessionKey key = key_;
  lock.unlock();
  done(key);
}

void SessionKeys::Stop() {
  {
    std::lock_guard lock(mutex_);
    stops_ = true;
    wakes_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void SessionKeys::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wakes_.wait(lock, [this] { return stops_ || !waiting_.empty(); });
    if (stops_) break;
    lock.unlock();
    Result<SessionKey> key = Fetch();
    lock.lock();
    if (key.ok()) {
      key_ = *key;
      int64_t now_ms = clock_.NowMs();
      serves_until_ms_ = now_ms + (key->expires_ms - now_ms) / 2;
    } else {
      Log(LogLevel::kWarning, "serve", "no keys for clients: {}", key.message());
    }
    std::vector<Done> waiting = std::exchange(waiting_, {});
    lock.unlock();
    for (const Done& done : waiting) done(key);
    lock.lock();
  }
  std::vector<Done> waiting = std::exchange(waiting_, {});
  lock.unlock();
  for (const Done& done : waiting) done(Unavailable("the server is stopping"));
}

Result<SessionKey> SessionKeys::Fetch() const {
  Place place = PlaceOf(options_);
  int64_t now_ms = clock_.NowMs();
  SignedPost post{place.HostHeader(),
                  options_.region,
                  "sts",
                  kContentType,
                  StsBody(options_.role_arn, fmt::format("forebay-{}", now_ms)),
                  StsDate(now_ms),
                  options_.access_key,
                  options_.secret_key};
  Request request(http::verb::post, "/", 11);
  request.set(http::field::host, post.host);
  request.set(http::field::content_type, post.content_type);
  request.set("X-Amz-Date", post.date);
  request.set(http::field::authorization, post.Authorization());
  request.set(http::field::connection, "close");
  request.body() = post.body;
  request.prepare_payload();
  auto answer = Post(place, request);
  Result<SessionKey> key =
      answer.ok() ? ParseStsAnswer(*answer) : Result<SessionKey>(answer.status());
  if (key.ok()) return key;
  return Unavailable("the security token service {}: {}", place.HostHeader(), key.message());
}

}  // namespace forebay::serve
