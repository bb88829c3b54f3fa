#include "app/remote/sql_client.h"

#include <poll.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

namespace forebay::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// Cuts what arrives into lines.
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<void(std::string_view)>& line) : line_(line) {}
  void Add(std::string_view bytes) {
    pending_ += bytes;
    size_t begin = 0;
    for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      line_(std::string_view(pending_).substr(begin, end - begin));
    }
    pending_.erase(0, begin);
  }

 private:
  const std::function<void(std::string_view)>& line_;
  std::string pending_;
};

/// What a server said instead of an answer.
Error ErrorOf(int status, const std::string& body) {
  nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  std::string message = fmt::format("the server answers with status {}", status);
  std::string hint;
  if (json.is_object() && json.contains("error") && json["error"].is_object()) {
    message = json["error"].value("message", message);
    hint = json["error"].value("hint", "");
  }
  Error error = InvalidArgument("{}", message);
  if (status == 404) error.kind = ErrorKind::kNotFound;
  if (status == 409) error.kind = ErrorKind::kConflict;
  if (status == 503) error.kind = ErrorKind::kUnavailable;
  error.hint = hint;
  return error;
}

/// One request and its answer.
class Exchange {
 public:
  Exchange() : stream_(context_) {}

  Status Connect(const std::string& host, const std::string& port, const std::string& address) {
    tcp::resolver resolver(context_);
    error_code error;
    auto endpoints = resolver.resolve(host, port, error);
    if (error) return Unavailable("cannot find the server {}: {}", address, error.message());
    stream_.connect(endpoints, error);
    if (!error) return Status::Ok();
    Error failure = Unavailable("cannot reach the server {}: {}", address, error.message());
    failure.hint = "is it running? start it with: forebay server";
    return failure;
  }

  Status Send(const http::request<http::string_body>& request) {
    error_code error;
    http::write(stream_, request, error);
    if (error) return Unavailable("the server went away: {}", error.message());
    return Status::Ok();
  }

  /// Calls `part` with the pieces of the body as they come, until the end or until cancelled. When
  /// the status is no success the body becomes the error.
  Status Read(const std::atomic<bool>& cancel,
              const std::function<void(std::string_view bytes)>& part) {
    if (!WaitForBytes(cancel)) return Status::Ok();
    parser_.body_limit(boost::none);
    error_code error;
    http::read_header(stream_, buffer_, parser_, error);
    if (error) return Unavailable("the server does not answer: {}", error.message());
    int status = static_cast<int>(parser_.get().result_int());
    bool good = status / 100 == 2;
    std::string complaint;
    auto take = [&](std::string_view piece) {
      if (good) {
        part(piece);
      } else {
        complaint += piece;
      }
    };
    while (!parser_.is_done()) {
      ASSIGN_OR_RETURN(bool needs_bytes, Parse(take));
      if (!needs_bytes) continue;
      if (!WaitForBytes(cancel)) break;
      RETURN_IF_ERROR(Receive());
    }
    return good ? Status::Ok() : Status(ErrorOf(status, complaint));
  }

 private:
  static constexpr size_t kPieceBytes = 16384;

  static Error BrokenOff(const error_code& error) {
    return Unavailable("the connection broke off: {}", error.message());
  }

  /// Gives `take` what of the body is in the buffer; whether it takes more bytes to go on. Bytes
  /// that end no chunk yet may stay in the buffer.
  template <typename Take>
  Result<bool> Parse(const Take& take) {
    if (buffer_.size() == 0) return true;
    char bytes[kPieceBytes];
    parser_.get().body().data = bytes;
    parser_.get().body().size = sizeof(bytes);
    error_code error;
    buffer_.consume(parser_.put(buffer_.data(), error));
    take(std::string_view(bytes, sizeof(bytes) - parser_.get().body().size));
    if (error == http::error::need_more) return true;
    if (error && error != http::error::need_buffer) return BrokenOff(error);
    return false;
  }

  Status Receive() {
    error_code error;
    size_t size = stream_.read_some(buffer_.prepare(kPieceBytes), error);
    buffer_.commit(size);
    if (error == asio::error::eof) {
      error = {};
      parser_.put_eof(error);
    }
    return error ? Status(BrokenOff(error)) : Status::Ok();
  }

  /// False when cancelled before any came.
  bool WaitForBytes(const std::atomic<bool>& cancel) {
    constexpr int kLookMs = 100;
    while (!cancel) {
      pollfd socket{stream_.socket().native_handle(), POLLIN, 0};
      if (poll(&socket, 1, kLookMs) > 0) return true;
    }
    return false;
  }

  asio::io_context context_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  http::response_parser<http::buffer_body> parser_;
};

}  // namespace

Result<SqlClient> SqlClient::For(std::string address) {
  SqlClient client;
  client.address_ = address;
  if (address.starts_with("http://")) address = address.substr(7);
  while (address.ends_with('/')) address.pop_back();
  size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return InvalidArgument("'{}' is no HOST:PORT", address);
  }
  client.host_ = address.substr(0, colon);
  client.port_ = address.substr(colon + 1);
  return client;
}

Status SqlClient::OpenSession() {
  Exchange exchange;
  RETURN_IF_ERROR(exchange.Connect(host_, port_, address_));
  http::request<http::string_body> request(http::verb::post, "/api/v1/sessions", 11);
  request.set(http::field::host, host_);
  request.prepare_payload();
  RETURN_IF_ERROR(exchange.Send(request));
  std::string body;
  std::atomic<bool> never = false;
  RETURN_IF_ERROR(exchange.Read(never, [&](std::string_view bytes) { body += bytes; }));
  nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  session_ = json.is_object() ? json.value("session", "") : "";
  if (session_.empty()) return InvalidArgument("{} is no server of this kind", address_);
  return Status::Ok();
}

void SqlClient::CloseSession() {
  if (session_.empty()) return;
  Exchange exchange;
  http::request<http::string_body> request(http::verb::delete_, "/api/v1/sessions/" + session_, 11);
  request.set(http::field::host, host_);
  // A session that stays open ends by itself.
  if (exchange.Connect(host_, port_, address_).ok()) static_cast<void>(exchange.Send(request));
  session_.clear();
}

Status SqlClient::Run(const RemoteScript& script, const std::atomic<bool>& cancel,
                      const std::function<void(std::string_view line)>& line) {
  std::string target = "/api/v1/sql?";
  if (script.continue_on_error) target += "continueOnError&";
  if (script.text_cells) target += "cells=text";
  http::request<http::string_body> request(http::verb::post, target, 11);
  request.set(http::field::host, host_);
  request.set(http::field::accept, "application/x-ndjson");
  request.set(http::field::content_type, "text/plain");
  if (!session_.empty()) request.set("Forebay-Session", session_);
  request.body() = script.text;
  request.prepare_payload();
  // The server may need a moment to notice that the statement before was broken off.
  constexpr int kTriesMax = 50;
  for (int i = 0;; ++i) {
    Exchange exchange;
    RETURN_IF_ERROR(exchange.Connect(host_, port_, address_));
    RETURN_IF_ERROR(exchange.Send(request));
    LineSplitter lines(line);
    Status status = exchange.Read(cancel, [&](std::string_view bytes) { lines.Add(bytes); });
    bool busy = !status.ok() && status.kind() == ErrorKind::kConflict;
    if (!busy || i == kTriesMax || cancel) return status;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace forebay::app
