#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "base/result.h"
#include "rpc/tls.h"

namespace forebay::rpc {

/// Certificates and keys as connections use them. Thread-safe once made.
using TlsContext = boost::asio::ssl::context;

/// kInvalidArgument, naming the file, when one cannot be used.
Result<std::shared_ptr<TlsContext>> MakeTlsContext(const ServerTls& tls);
Result<std::shared_ptr<TlsContext>> MakeTlsContext(const ClientTls& tls);

/// What OpenSSL says of a connection's failure, and of the other side's certificate.
std::string TlsFailure(const boost::system::error_code& error, SSL* connection);

}  // namespace forebay::rpc
