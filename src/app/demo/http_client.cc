#include "app/demo/http_client.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace forebay::app {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

class BeastClient : public HttpClient {
 public:
  Status Open(uint16_t port) {
    boost::system::error_code error;
    socket_.connect({asio::ip::address_v4::loopback(), port}, error);
    if (error) return Unavailable("no connection to port {}: {}", port, error.message());
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
    return Status();
  }

  Result<std::string> Post(const std::string& target, std::string_view content_type,
                           std::string body) override {
    Request request(http::verb::post, target, 11);
    request.set(http::field::host, "127.0.0.1");
    request.set(http::field::content_type, content_type);
    request.keep_alive(true);
    request.body() = std::move(body);
    request.prepare_payload();
    constexpr int kTriesMax = 60;
    for (int i = 0; i < kTriesMax; ++i) {
      ASSIGN_OR_RETURN(Response response, Exchange(request));
      if (response.result_int() / 100 == 2) return response.body();
      if (response.result_int() != 429 && response.result_int() != 503) {
        return Internal("POST {} was answered with {}: {}", target, response.result_int(),
                        response.body());
      }
      std::this_thread::sleep_for(Pause(response));
    }
    return Unavailable("the server has been too busy for POST {}", target);
  }

 private:
  Result<Response> Exchange(const Request& request) {
    boost::system::error_code error;
    http::write(socket_, request, error);
    if (error) return IoError("sending a request failed: {}", error.message());
    Response response;
    http::read(socket_, buffer_, response, error);
    if (error) return IoError("reading an answer failed: {}", error.message());
    return response;
  }

  /// What Retry-After says, but no more than a second: the server is next door.
  static std::chrono::milliseconds Pause(const Response& response) {
    std::string seconds(response[http::field::retry_after]);
    int ms = seconds.empty() ? 50 : std::atoi(seconds.c_str()) * 1000;
    return std::chrono::milliseconds(std::clamp(ms, 10, 1000));
  }

  asio::io_context context_;
  asio::ip::tcp::socket socket_{context_};
  boost::beast::flat_buffer buffer_;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::Connect(uint16_t port) {
  auto client = std::make_unique<BeastClient>();
  RETURN_IF_ERROR(client->Open(port));
  return std::unique_ptr<HttpClient>(std::move(client));
}

}  // namespace forebay::app
