#include "rpc/client_channel.h"

#include <algorithm>

#include "base/clock.h"
#include "rpc/messages.h"

namespace forebay::rpc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kCompletion = asio::as_tuple(asio::use_awaitable);
/// Deadlines are looked at so often.
constexpr int64_t kWatchMs = 50;
/// What a handshake's answer may take.
constexpr int64_t kHandshakeBytesMax = 1 << 20;
/// The first byte of a response.
constexpr size_t kResponseBytesMin = 1;
constexpr const char* kSoftwareName = "forebay";
constexpr const char* kSoftwareVersion = "0.1.0";
constexpr const char* kPlain = "PLAIN";

int64_t SizeOf(const OutgoingFrame& frame) {
  int64_t bytes = 0;
  for (const Payload& piece : frame) bytes += static_cast<int64_t>(piece.bytes.size());
  return bytes;
}

std::string_view NameOf(ApiKey api) { return FindApi(static_cast<int16_t>(api))->name; }

}  // namespace

ClientChannel::ClientChannel(std::shared_ptr<NetworkLoop> loop, ServerAddress address,
                             ClientOptions options)
    : loop_(std::move(loop)),
      address_(std::move(address)),
      options_(std::move(options)),
      resolver_(loop_->context()),
      connect_timer_(loop_->context()),
      watch_timer_(loop_->context()) {}

void ClientChannel::Submit(ApiKey api, OutgoingFrame message, int64_t timeout_ms, Done done) {
  Request request{api,        std::move(message),         0,
                  timeout_ms, MonotonicMs() + timeout_ms, std::move(done)};
  request.bytes = SizeOf(request.message);
  int64_t before = in_flight_bytes_.fetch_add(request.bytes);
  int count = in_flight_.fetch_add(1);
  bool too_much = before > 0 && before + request.bytes > options_.in_flight_bytes_max;
  if (too_much || count >= options_.requests_in_flight_max) {
    return Finish(request, Unavailable("{} requests of {} bytes wait for {}", count, before,
                                       address_.ToString()));
  }
  auto shared = std::make_shared<Request>(std::move(request));
  bool posted =
      loop_->Post([self = shared_from_this(), shared] { self->Take(std::move(*shared)); });
  if (!posted) Finish(*shared, Unavailable("the client is closed"));
}

void ClientChannel::Finish(Request& request, const Status& error) {
  in_flight_bytes_ -= request.bytes;
  in_flight_ -= 1;
  request.done(error);
}

void ClientChannel::Take(Request request) {
  switch (state_) {
    case State::kShut: return Finish(request, shut_);
    case State::kReady: SendNow(std::move(request)); break;
    case State::kConnecting: waiting_.push_back(std::move(request)); break;
    case State::kIdle:
      if (MonotonicMs() < retry_at_ms_) return Finish(request, last_failure_);
      state_ = State::kConnecting;
      connecting_since_ms_ = MonotonicMs();
      waiting_.push_back(std::move(request));
      asio::co_spawn(
          loop_->context(),
          [self = shared_from_this()]() -> asio::awaitable<void> { return self->Run(); },
          asio::detached);
  }
  Watch();
}

void ClientChannel::SendNow(Request request) {
  const ApiInfo* ours = FindApi(static_cast<int16_t>(request.api));
  auto theirs = versions_.find(static_cast<int16_t>(request.api));
  int32_t version = -1;
  if (theirs != versions_.end()) {
    version = std::min<int32_t>(ours->version_max, theirs->second.second);
    if (version < std::max<int32_t>(ours->version_min, theirs->second.first)) version = -1;
  }
  if (version < 0) {
    return Finish(request, NotSupported("{} does not support {}", address_.ToString(), ours->name));
  }
  // Ids that are under way are not given again.
  while (sent_.contains(next_id_)) next_id_ = (next_id_ + 1) & INT32_MAX;
  RequestHeader header{static_cast<int16_t>(request.api), static_cast<int16_t>(version), next_id_};
  OutgoingFrame frame;
  frame.push_back(Payload::Own(EncodeRequestHeader(header, static_cast<size_t>(request.bytes))));
  std::move(request.message.begin(), request.message.end(), std::back_inserter(frame));
  request.message.clear();
  sent_.emplace(next_id_, std::move(request));
  next_id_ = (next_id_ + 1) & INT32_MAX;
  stream_->Send(std::move(frame), shared_from_this());
}

asio::awaitable<void> ClientChannel::Run() {
  Status connected = co_await Connect();
  if (state_ == State::kShut) co_return;
  if (!connected.ok()) {
    Status failure = connected.WithContext(fmt::format("cannot reach {}", address_.ToString()));
    Disconnect(failure, failure);
    co_return;
  }
  auto stream = stream_;
  state_ = State::kReady;
  backoff_ms_ = 0;
  for (Request& request : std::exchange(waiting_, {})) SendNow(std::move(request));
  Status status;
  while (status.ok() && stream == stream_) {
    auto frame = co_await stream->Read();
    if (stream != stream_) co_return;
    status = frame == nullptr ? stream->why() : Deliver(std::move(frame));
  }
  if (stream != stream_) co_return;
  bool garbage = status.kind() == ErrorKind::kCorruption;
  std::string message =
      fmt::format("the connection to {} was lost: {}", address_.ToString(), status.message());
  Status lost = garbage ? Corruption("{}", message) : IoError("{}", message);
  Disconnect(lost, lost);
}

/// Makes stream_, connected and with its versions known.
asio::awaitable<Status> ClientChannel::Connect() {
  auto timed_out = std::make_shared<bool>(false);
  auto stream = std::make_shared<FrameStream>(tcp::socket(loop_->context()), kResponseBytesMin,
                                              static_cast<size_t>(options_.frame_bytes_max));
  stream_ = stream;
  connect_timer_.expires_after(std::chrono::milliseconds(options_.connect_timeout_ms));
  connect_timer_.async_wait(
      [self = shared_from_this(), stream, timed_out](const error_code& error) {
        if (error) return;
        *timed_out = true;
        self->resolver_.cancel();
        stream->Close();
      });
  auto [resolve_error, endpoints] =
      co_await resolver_.async_resolve(address_.host, std::to_string(address_.port), kCompletion);
  error_code error = resolve_error;
  if (!error && !stream->closed()) {
    std::tie(error, std::ignore) =
        co_await asio::async_connect(stream->socket(), endpoints, kCompletion);
  }
  Status status;
  if (error) status = Unavailable("{}", error.message());
  if (status.ok() && !stream->closed()) {
    error_code ignored;
    stream->socket().set_option(tcp::no_delay(true), ignored);
    if (options_.tls.is_on) status = co_await BeginTls(*stream);
    if (status.ok()) status = co_await ShakeHands(*stream);
  }
  connect_timer_.cancel();
  if (*timed_out) {
    co_return Unavailable("no answer within {} ms", options_.connect_timeout_ms);
  }
  if (status.ok() && stream->closed()) status = Unavailable("the connection was closed");
  co_return status;
}

asio::awaitable<Status> ClientChannel::BeginTls(FrameStream& stream) {
  // Each time anew, so that renewed files are used.
  auto context = MakeTlsContext(options_.tls);
  if (!context.ok()) co_return context.status();
  // GCC 12 destroys temporaries of co_await's operand twice: there are none.
  std::string_view host = options_.tls.checks_host ? address_.host : std::string_view();
  co_return co_await stream.BeginTls(**context, asio::ssl::stream_base::client, host);
}

template <typename Response, typename M>
asio::awaitable<Status> ClientChannel::Exchange(FrameStream& stream, ApiKey api, const M& message,
                                                Reply<Response>& reply) {
  int32_t id = SendFirst(stream, api, MessageToBytes(message));
  reply.frame = co_await stream.Read();
  if (reply.frame == nullptr) co_return stream.why();
  std::string_view rest = *reply.frame;
  auto header = ReadResponseHeader(rest);
  if (!header.ok()) co_return header.status();
  if (header->type != ResponseHeader::kSuccess) co_return FailureOf(rest);
  if (header->request_id != id) {
    co_return Corruption("an answer to request {}, which was not made", header->request_id);
  }
  int64_t budget = kHandshakeBytesMax;
  auto parsed = ParseMessage<Response>(rest, budget);
  if (!parsed.ok()) co_return parsed.status();
  reply.message = std::move(*parsed);
  co_return Status::Ok();
}

int32_t ClientChannel::SendFirst(FrameStream& stream, ApiKey api, std::string_view message) {
  int32_t id = next_id_;
  next_id_ = (next_id_ + 1) & INT32_MAX;
  OutgoingFrame frame;
  frame.push_back(Payload::Own(EncodeRequest({static_cast<int16_t>(api), 0, id}, message)));
  stream.Send(std::move(frame), shared_from_this());
  return id;
}

asio::awaitable<Status> ClientChannel::ShakeHands(FrameStream& stream) {
  Reply<ApiVersionsResponse> reply;
  ApiVersionsRequest request{kSoftwareName, kSoftwareVersion};
  Status status = co_await Exchange(stream, ApiKey::kApiVersions, request, reply);
  if (!status.ok()) {
    bool was_closed = status.kind() == ErrorKind::kUnavailable && !options_.tls.is_on;
    if (!was_closed) co_return status;
    co_return Unavailable("{}; it may be that the server expects TLS", status.message());
  }
  versions_.clear();
  for (const PbApiVersion& api : reply.message.api_versions) {
    versions_[static_cast<int16_t>(api.api_key)] = {api.min_version, api.max_version};
  }
  if (!options_.user.empty()) co_return co_await Authenticate(stream);
  co_return Status::Ok();
}

asio::awaitable<Result<std::string>> ClientChannel::SendToken(FrameStream& stream,
                                                              std::string_view token) {
  std::string mechanism(options_.scram.has_value() ? MechanismOf(*options_.scram) : kPlain);
  AuthenticateRequest request{mechanism, Payload::Of(token, nullptr)};
  Reply<AuthenticateResponse> reply;
  Status status = co_await Exchange(stream, ApiKey::kAuthenticate, request, reply);
  if (!status.ok()) co_return status;
  if (!reply.message.challenge.has_value()) co_return std::string();
  co_return std::string(reply.message.challenge->bytes);
}

asio::awaitable<Status> ClientChannel::Authenticate(FrameStream& stream) {
  if (options_.scram.has_value()) co_return co_await AuthenticateByScram(stream);
  std::string token = '\0' + options_.user + '\0' + options_.password;
  auto answer = co_await SendToken(stream, token);
  if (!answer.ok()) co_return answer.status();
  // PLAIN says all it has to say at once.
  if (answer->empty()) co_return Status::Ok();
  co_return PermissionDenied("the server wants more than a user and a password");
}

asio::awaitable<Status> ClientChannel::AuthenticateByScram(FrameStream& stream) {
  ScramClient login(*options_.scram, options_.user, options_.password);
  std::string token = login.First();
  auto first = co_await SendToken(stream, token);
  if (!first.ok()) co_return first.status();
  auto proof = login.Final(*first);
  if (!proof.ok()) co_return proof.status();
  auto last = co_await SendToken(stream, *proof);
  if (!last.ok()) co_return last.status();
  co_return login.Verify(*last);
}

Status ClientChannel::FailureOf(std::string_view message) const {
  int64_t budget = kHandshakeBytesMax;
  auto error = ParseMessage<ErrorResponse>(message, budget);
  if (!error.ok()) return error.status();
  return MakeError(KindOf(error->error_code), "{} ({} from {})",
                   error->error_message.value_or("request failed"),
                   ErrorCodeName(error->error_code), address_.ToString());
}

/// An error means that the connection is of no further use.
Status ClientChannel::Deliver(std::shared_ptr<const std::string> frame) {
  std::string_view rest = *frame;
  ASSIGN_OR_RETURN(ResponseHeader header, ReadResponseHeader(rest));
  if (header.type == ResponseHeader::kServerFailure) {
    return FailureOf(rest).WithContext("the server failed");
  }
  auto found = sent_.find(header.request_id);
  if (found == sent_.end()) {
    return Corruption("an answer to request {}, which was not made", header.request_id);
  }
  Request request = std::move(found->second);
  sent_.erase(found);
  if (header.type == ResponseHeader::kError) {
    Finish(request, FailureOf(rest));
    return {};
  }
  in_flight_bytes_ -= request.bytes;
  in_flight_ -= 1;
  request.done(std::pair(rest, std::move(frame)));
  return {};
}

void ClientChannel::Disconnect(const Status& sent, const Status& waiting) {
  if (stream_ != nullptr) stream_->Close();
  stream_.reset();
  resolver_.cancel();
  connect_timer_.cancel();
  // A connection that was good for something may be made again at once.
  bool failed = state_ == State::kConnecting;
  if (state_ != State::kShut) state_ = State::kIdle;
  last_failure_ = waiting;
  if (failed) {
    backoff_ms_ = std::clamp(2 * backoff_ms_, options_.reconnect_ms_min, options_.reconnect_ms_max);
    // A server that took long to fail would take everybody's time.
    int64_t took_ms = std::min(MonotonicMs() - connecting_since_ms_, options_.reconnect_ms_max);
    backoff_ms_ = std::max(backoff_ms_, took_ms);
    retry_at_ms_ = MonotonicMs() + backoff_ms_;
  }
  // The callbacks may send again.
  auto lost = std::exchange(sent_, {});
  auto unsent = std::exchange(waiting_, {});
  for (auto& [id, request] : lost) Finish(request, sent);
  for (Request& request : unsent) Finish(request, waiting);
}

void ClientChannel::OnSendFailed(const error_code& error) {
  // The reader may wait for long before it notices; it may also have noticed already.
  if (state_ != State::kReady || stream_ == nullptr || !error || stream_->closed()) return;
  Status lost = IoError("the connection to {} was lost: {}", address_.ToString(), error.message());
  Disconnect(lost, lost);
}

void ClientChannel::Shut(const Status& why) {
  if (state_ == State::kShut) return;
  state_ = State::kShut;
  shut_ = why;
  watch_timer_.cancel();
  Disconnect(why, why);
}

void ClientChannel::Watch() {
  if (watching_ || (waiting_.empty() && sent_.empty()) || state_ == State::kShut) return;
  watching_ = true;
  watch_timer_.expires_after(std::chrono::milliseconds(kWatchMs));
  watch_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    self->watching_ = false;
    if (error) return;
    self->Expire();
    self->Watch();
  });
}

void ClientChannel::Expire() {
  int64_t now = MonotonicMs();
  for (size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].deadline_ms > now) {
      ++i;
      continue;
    }
    Request request = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(i));
    Finish(request,
           Unavailable("cannot reach {} within {} ms", address_.ToString(), request.timeout_ms));
  }
  auto late = std::find_if(sent_.begin(), sent_.end(),
                           [now](const auto& one) { return one.second.deadline_ms <= now; });
  if (late == sent_.end()) return;
  Request request = std::move(late->second);
  sent_.erase(late);
  Status timeout = Timeout("{} did not answer {} within {} ms", address_.ToString(),
                           NameOf(request.api), request.timeout_ms);
  // A late answer would belong to nobody.
  Status lost =
      IoError("the connection to {} was closed, since {}", address_.ToString(), timeout.message());
  Disconnect(lost, lost);
  Finish(request, timeout);
}

}  // namespace forebay::rpc
