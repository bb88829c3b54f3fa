#include "app/remote/sql_client.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace forebay::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

struct HostPort {
  std::string host;
  std::string port;
};

/// "host:port", also with http:// in front and a / behind.
Result<HostPort> ParseAddress(std::string address) {
  if (address.starts_with("http://")) address = address.substr(7);
  while (address.ends_with('/')) address.pop_back();
  size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return InvalidArgument("'{}' is no HOST:PORT", address);
  }
  return HostPort{address.substr(0, colon), address.substr(colon + 1)};
}

/// Cuts what arrives into lines.
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<void(std::string_view)>& line) : line_(line) {}
  void Add(std::string_view bytes) {
    pending_ += bytes;
    size_t begin = 0;
    for (size_t end; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (end > begin) line_(std::string_view(pending_).substr(begin, end - begin));
    }
    pending_.erase(0, begin);
  }

 private:
  const std::function<void(std::string_view)>& line_;
  std::string pending_;
};

/// Reads the chunks of the answer. The server sends blank lines while nothing happens, so `cancel`
/// is seen soon.
Status ReadLines(beast::tcp_stream& stream, const std::atomic<bool>& cancel,
                 const std::function<void(std::string_view)>& line) {
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  error_code error;
  http::read_header(stream, buffer, parser, error);
  if (error) return Unavailable("the server does not answer: {}", error.message());
  if (parser.get().result_int() != 200) {
    return InvalidArgument("the server answers with status {}", parser.get().result_int());
  }
  LineSplitter lines(line);
  char bytes[16384];
  while (!parser.is_done() && !cancel) {
    parser.get().body().data = bytes;
    parser.get().body().size = sizeof(bytes);
    http::read(stream, buffer, parser, error);
    if (error && error != http::error::need_buffer) {
      return Unavailable("the connection broke off: {}", error.message());
    }
    lines.Add(std::string_view(bytes, sizeof(bytes) - parser.get().body().size));
  }
  return Status::Ok();
}

}  // namespace

Status RunRemoteScript(const std::string& address, const std::string& script,
                       bool continue_on_error, const std::atomic<bool>& cancel,
                       const std::function<void(std::string_view line)>& line) {
  ASSIGN_OR_RETURN(HostPort target, ParseAddress(address));
  asio::io_context context;
  tcp::resolver resolver(context);
  error_code error;
  auto endpoints = resolver.resolve(target.host, target.port, error);
  if (error) return Unavailable("cannot find the server {}: {}", address, error.message());
  beast::tcp_stream stream(context);
  stream.connect(endpoints, error);
  if (error) {
    Error failure = Unavailable("cannot reach the server {}: {}", address, error.message());
    failure.hint = "is it running? start it with: forebay server";
    return failure;
  }
  http::request<http::string_body> request(http::verb::post, "/api/v1/sql", 11);
  if (continue_on_error) request.target("/api/v1/sql?continueOnError");
  request.set(http::field::host, target.host);
  request.set(http::field::accept, "application/x-ndjson");
  request.set(http::field::content_type, "text/plain");
  request.body() = script;
  request.prepare_payload();
  http::write(stream, request, error);
  if (error) return Unavailable("the server went away: {}", error.message());
  return ReadLines(stream, cancel, line);
}

}  // namespace forebay::app
