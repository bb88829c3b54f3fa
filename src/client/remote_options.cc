#include <algorithm>

#include "base/ascii_case.h"
#include "base/name_list.h"
#include "client/remote_connection.h"

namespace forebay::client {

namespace {

constexpr const char* kBootstrap = "bootstrap.servers";
constexpr const char* kDatabase = "default-database";
constexpr const char* kProtocol = "client.security.protocol";
constexpr const char* kMechanism = "client.security.sasl.mechanism";
constexpr const char* kUser = "client.security.sasl.username";
constexpr const char* kPassword = "client.security.sasl.password";
constexpr const char* kJaas = "client.security.sasl.jaas.config";
// Fluss's clients have no TLS; these are called as Kafka's are.
constexpr const char* kTruststore = "client.security.ssl.truststore.location";
constexpr const char* kKeystore = "client.security.ssl.keystore.location";
constexpr const char* kIdentification = "client.security.ssl.endpoint.identification.algorithm";

Result<std::vector<rpc::ServerAddress>> ParseServers(const std::string& list) {
  std::vector<rpc::ServerAddress> servers;
  for (const std::string& name : SplitNames(list)) {
    ASSIGN_OR_RETURN(auto server, rpc::ServerAddress::Parse(name));
    servers.push_back(std::move(server));
  }
  return servers;
}

/// The value of `key="value"` in a JAAS configuration; empty when there is none.
std::string JaasValue(const std::string& config, const std::string& key) {
  size_t at = config.find(key + "=\"");
  if (at == std::string::npos) return "";
  size_t begin = at + key.size() + 2;
  size_t end = config.find('"', begin);
  return end == std::string::npos ? "" : config.substr(begin, end - begin);
}

using Properties = std::map<std::string, std::string>;

std::string Value(const Properties& properties, const char* key, const char* fallback) {
  auto found = properties.find(key);
  return found == properties.end() ? fallback : found->second;
}

Status ReadLogin(const Properties& properties, rpc::ClientOptions& options) {
  std::string mechanism = UpperAscii(Value(properties, kMechanism, "PLAIN"));
  options.scram = rpc::ScramHashOf(mechanism);
  if (mechanism != "PLAIN" && !options.scram.has_value()) {
    return NotSupported("'{}' = '{}': it is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", kMechanism,
                        mechanism);
  }
  std::string jaas = Value(properties, kJaas, "");
  options.user = jaas.empty() ? Value(properties, kUser, "") : JaasValue(jaas, "username");
  options.password = jaas.empty() ? Value(properties, kPassword, "") : JaasValue(jaas, "password");
  if (options.user.empty() || options.password.empty()) {
    return InvalidArgument("to log in by SASL set '{}' and '{}', or '{}'", kUser, kPassword, kJaas);
  }
  return {};
}

Status ReadTls(const Properties& properties, rpc::ClientTls& tls) {
  tls.is_on = true;
  tls.ca_file = Value(properties, kTruststore, "");
  tls.certificate_file = tls.key_file = Value(properties, kKeystore, "");
  std::string identification = UpperAscii(Value(properties, kIdentification, "https"));
  tls.checks_host = !identification.empty();
  if (identification.empty() || identification == "HTTPS") return {};
  return NotSupported("'{}' = '{}': it is https, or empty", kIdentification, identification);
}

Status ReadSecurity(const Properties& properties, RemoteOptions& options) {
  std::string protocol = UpperAscii(Value(properties, kProtocol, "PLAINTEXT"));
  bool has_login = protocol == "SASL" || protocol == "SASL_PLAINTEXT" || protocol == "SASL_SSL";
  bool has_tls = protocol == "SSL" || protocol == "SASL_SSL";
  if (protocol != "PLAINTEXT" && !has_login && !has_tls) {
    return NotSupported("'{}' = '{}': it is PLAINTEXT, SASL, SSL or SASL_SSL", kProtocol, protocol);
  }
  if (has_tls) RETURN_IF_ERROR(ReadTls(properties, options.rpc.tls));
  for (const char* key : {kTruststore, kKeystore, kIdentification}) {
    if (has_tls || !properties.contains(key)) continue;
    return InvalidArgument("'{}' is for '{}' = 'SSL' or 'SASL_SSL'", key, kProtocol);
  }
  return has_login ? ReadLogin(properties, options.rpc) : Status();
}

}  // namespace

Result<RemoteOptions> RemoteOptions::FromProperties(
    const std::map<std::string, std::string>& properties) {
  constexpr const char* kKnown[] = {kBootstrap, kDatabase,      kProtocol, kMechanism,
                                    kUser,      kPassword,      kJaas,     kTruststore,
                                    kKeystore,  kIdentification};
  for (const auto& [key, value] : properties) {
    if (std::find(std::begin(kKnown), std::end(kKnown), key) != std::end(kKnown)) continue;
    return InvalidArgument("unknown option '{}' = '{}'", key, value);
  }
  RemoteOptions options;
  auto servers = properties.find(kBootstrap);
  if (servers == properties.end()) {
    return InvalidArgument("'{}' is missing: host:port of a server", kBootstrap);
  }
  auto parsed = ParseServers(servers->second);
  if (!parsed.ok()) return parsed.status().WithContext(kBootstrap);
  if (parsed->empty()) return InvalidArgument("'{}' names no server: host:port", kBootstrap);
  options.bootstrap = std::move(*parsed);
  if (auto database = properties.find(kDatabase); database != properties.end()) {
    options.default_database = database->second;
  }
  RETURN_IF_ERROR(ReadSecurity(properties, options));
  return options;
}

}  // namespace forebay::client
