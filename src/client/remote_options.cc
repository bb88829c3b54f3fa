#include <algorithm>
#include <cctype>

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

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string Trimmed(const std::string& text) {
  size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Result<std::vector<rpc::ServerAddress>> ParseServers(const std::string& list) {
  std::vector<rpc::ServerAddress> servers;
  for (size_t begin = 0; begin <= list.size();) {
    size_t end = std::min(list.find(',', begin), list.size());
    ASSIGN_OR_RETURN(auto server,
                     rpc::ServerAddress::Parse(Trimmed(list.substr(begin, end - begin))));
    servers.push_back(std::move(server));
    begin = end + 1;
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

Status ReadSecurity(const std::map<std::string, std::string>& properties, RemoteOptions& options) {
  auto value = [&properties](const char* key, const char* fallback) {
    auto found = properties.find(key);
    return found == properties.end() ? std::string(fallback) : found->second;
  };
  std::string protocol = Upper(value(kProtocol, "PLAINTEXT"));
  if (protocol == "PLAINTEXT") return {};
  if (protocol != "SASL") {
    return NotSupported("'{}' = '{}': it is PLAINTEXT or SASL", kProtocol, protocol);
  }
  std::string mechanism = Upper(value(kMechanism, "PLAIN"));
  if (mechanism != "PLAIN") return NotSupported("'{}' = '{}': only PLAIN", kMechanism, mechanism);
  std::string jaas = value(kJaas, "");
  options.rpc.user = jaas.empty() ? value(kUser, "") : JaasValue(jaas, "username");
  options.rpc.password = jaas.empty() ? value(kPassword, "") : JaasValue(jaas, "password");
  if (options.rpc.user.empty() || options.rpc.password.empty()) {
    return InvalidArgument("with '{}' = 'SASL' set '{}' and '{}', or '{}'", kProtocol, kUser,
                           kPassword, kJaas);
  }
  return {};
}

}  // namespace

Result<RemoteOptions> RemoteOptions::FromProperties(
    const std::map<std::string, std::string>& properties) {
  constexpr const char* kKnown[] = {kBootstrap, kDatabase, kProtocol, kMechanism,
                                    kUser,      kPassword, kJaas};
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
  options.bootstrap = std::move(*parsed);
  if (auto database = properties.find(kDatabase); database != properties.end()) {
    options.default_database = database->second;
  }
  RETURN_IF_ERROR(ReadSecurity(properties, options));
  return options;
}

}  // namespace forebay::client
