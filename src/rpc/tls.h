#pragma once

#include <string>

namespace forebay::rpc {

/// What a port needs to speak TLS (1.2 or later): PEM files. Without a certificate it does not.
struct ServerTls {
  std::string certificate_file;  ///< followed by those that lead to its authority
  std::string key_file;          ///< without a password
  /// Unless empty: only clients with a certificate of these authorities may connect.
  std::string client_ca_file;

  bool is_on() const { return !certificate_file.empty(); }
};

/// How a client speaks TLS. The files are read when a connection is made.
struct ClientTls {
  bool is_on = false;
  /// The authorities that are trusted; empty: those of the machine.
  std::string ca_file;
  /// What the client shows of itself, if anything; the key's file may be the same.
  std::string certificate_file;
  std::string key_file;
  /// Whether the server's certificate must be for the host that was asked for.
  bool checks_host = true;
};

}  // namespace forebay::rpc
