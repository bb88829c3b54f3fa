#include "app/config.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <functional>
#include <set>
#include <sstream>

#include "base/byte_size.h"
#include "base/duration.h"
#include "storage/coordinator/table_options.h"

namespace forebay::app {

namespace {

/// One key of the file: how it is called, what it takes, what it sets.
struct ConfigKey {
  const char* name;
  const char* expects;
  bool (*apply)(const std::string& value, ServerOptions& options);
};

bool ParseNumber(const std::string& text, int64_t low, int64_t high, int64_t& value) {
  char* end = nullptr;
  errno = 0;
  value = std::strtoll(text.c_str(), &end, 10);
  return errno == 0 && end != text.c_str() && *end == '\0' && value >= low && value <= high;
}

template <typename T>
bool SetNumber(const std::string& text, int64_t low, int64_t high, T& target) {
  int64_t value = 0;
  if (!ParseNumber(text, low, high, value)) return false;
  target = static_cast<T>(value);
  return true;
}

bool SetUsers(const std::string& text, serve::FlussUsers& users) {
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, ',');) {
    pair.erase(0, pair.find_first_not_of(' '));
    size_t colon = pair.find(':');
    if (colon == std::string::npos) return false;
    if (!users.Add(pair.substr(0, colon), pair.substr(colon + 1)).ok()) return false;
  }
  return !users.empty();
}

bool SetDuration(const std::string& text, int64_t& target_ms) {
  auto value = ParseDurationMs(text);
  if (value.ok()) target_ms = *value;
  return value.ok();
}

bool SetSegmentBytes(const std::string& text, int64_t& target) {
  auto value = ParseByteSize(text);
  if (!value.ok() || *value < 1024 || *value > int64_t{1} << 30) return false;
  target = *value;
  return true;
}

bool SetNames(const std::string& text, std::set<std::string>& names) {
  std::istringstream parts(text);
  for (std::string name; std::getline(parts, name, ',');) {
    name.erase(0, name.find_first_not_of(' '));
    if (name.empty()) return false;
    names.insert(name);
  }
  return !names.empty();
}

constexpr int64_t kGib = int64_t{1} << 30;
constexpr std::string_view kUsersKey = "fluss.sasl-users";

const std::array<ConfigKey, 37> kKeys = {{
    {"data-dir", "a path",
     [](const std::string& v, ServerOptions& o) {
       o.node.data_dir = v;
       return !v.empty();
     }},
    {"listen", "an IP address",
     [](const std::string& v, ServerOptions& o) {
       o.http.address = v;
       o.fluss.address = v;
       return !v.empty();
     }},
    {"http.port", "a port, 0 to 65535",
     [](const std::string& v, ServerOptions& o) { return SetNumber(v, 0, 65535, o.http.port); }},
    {"http.handler-threads", "a number, 1 to 1024",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1024, o.http.handler_threads);
     }},
    {"http.query-threads", "a number, 1 to 1024",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1024, o.http.query_threads);
     }},
    {"http.body-bytes-max", "bytes, 1024 to 1073741824",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1024, kGib, o.http.body_bytes_max);
     }},
    {"http.connections-max", "a number, 1 to 1000000",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1000000, o.http.connections_max);
     }},
    {"http.queued-requests-max", "a number, 1 to 1000000",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1000000, o.http.queued_requests_max);
     }},
    {"fluss.enabled", "true or false",
     [](const std::string& v, ServerOptions& o) {
       o.fluss_enabled = v == "true";
       return v == "true" || v == "false";
     }},
    {"fluss.coordinator-port", "a port, 0 to 65535",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 0, 65535, o.fluss.coordinator_port);
     }},
    {"fluss.tablet-port", "a port, 0 to 65535",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 0, 65535, o.fluss.tablet_port);
     }},
    {"fluss.advertised-host", "a host name or address",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.advertised_host = v;
       return !v.empty();
     }},
    {kUsersKey.data(), "'name:password' or 'name:SCRAM verifier' pairs with commas between them",
     [](const std::string& v, ServerOptions& o) { return SetUsers(v, o.fluss.users); }},
    {"fluss.tls.certificate", "a PEM file",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.limits.tls.certificate_file = v;
       return !v.empty();
     }},
    {"fluss.tls.key", "a PEM file",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.limits.tls.key_file = v;
       return !v.empty();
     }},
    {"fluss.tls.client-ca", "a PEM file",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.limits.tls.client_ca_file = v;
       return !v.empty();
     }},
    {"fluss.authorizer", "true or false",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.has_authorizer = v == "true";
       return v == "true" || v == "false";
     }},
    {"fluss.super-users", "names with commas between them",
     [](const std::string& v, ServerOptions& o) { return SetNames(v, o.fluss.super_users); }},
    {"fluss.network-threads", "a number, 1 to 1024",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1024, o.fluss.limits.network_threads);
     }},
    {"fluss.frame-bytes-max", "bytes, 1048576 to 1073741824",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1 << 20, kGib, o.fluss.limits.frame_bytes_max);
     }},
    {"fluss.connections-max", "a number, 1 to 1000000",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1000000, o.fluss.limits.connections_max);
     }},
    {"storage.row-cache-bytes", "bytes, up to 1 TiB",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 0, kGib * 1024, o.node.row_cache_bytes);
     }},
    {"log.segment.file-size", "bytes, 1kb to 1gb",
     [](const std::string& v, ServerOptions& o) {
       return SetSegmentBytes(v, o.node.segment_bytes);
     }},
    {"lake.tiering", "server or fluss",
     [](const std::string& v, ServerOptions& o) {
       using Tierer = lake::TieringService::Tierer;
       o.node.tierer = v == "fluss" ? Tierer::kFluss : Tierer::kServer;
       return v == "fluss" || v == "server";
     }},
    {"remote.data-dir", "a local directory, or s3://bucket/path",
     [](const std::string& v, ServerOptions& o) {
       o.node.remote.directory = v;
       return !v.empty();
     }},
    {"s3.endpoint", "http://host:port or https://host:port",
     [](const std::string& v, ServerOptions& o) {
       o.node.remote.s3.endpoint = v;
       return v.starts_with("http://") || v.starts_with("https://");
     }},
    {"s3.region", "a region's name",
     [](const std::string& v, ServerOptions& o) {
       o.node.remote.s3.region = v;
       return !v.empty();
     }},
    {"s3.access-key", "an access key",
     [](const std::string& v, ServerOptions& o) {
       o.node.remote.s3.access_key = v;
       return !v.empty();
     }},
    {"s3.secret-key", "a secret key",
     [](const std::string& v, ServerOptions& o) {
       o.node.remote.s3.secret_key = v;
       return !v.empty();
     }},
    {"s3.client-access-key", "an access key",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.remote.access_key = v;
       return !v.empty();
     }},
    {"s3.client-secret-key", "a secret key",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.remote.secret_key = v;
       return !v.empty();
     }},
    {"s3.client-role-arn", "a role's name",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.remote.role_arn = v;
       return !v.empty();
     }},
    {"s3.sts-endpoint", "http://host:port or https://host:port",
     [](const std::string& v, ServerOptions& o) {
       o.fluss.remote.sts_endpoint = v;
       return v.starts_with("http://") || v.starts_with("https://");
     }},
    {"remote.log.task-interval", "a duration, 0 for never",
     [](const std::string& v, ServerOptions& o) {
       return SetDuration(v, o.node.remote.log_task_interval_ms);
     }},
    {"kv.snapshot.interval", "a duration, 0 for never",
     [](const std::string& v, ServerOptions& o) {
       return SetDuration(v, o.node.remote.kv_snapshot_interval_ms);
     }},
    {"kv.snapshot.num-retained", "a number, 1 to 1000",
     [](const std::string& v,
        ServerOptions& o) { return SetNumber(v, 1, 1000, o.node.remote.kv_snapshots_retained); }},
    {"storage.partitions-max", "a number, 1 to 1000000",
     [](const std::string& v, ServerOptions& o) {
       return SetNumber(v, 1, 1000000, o.node.partitions_max);
     }},
}};

Error BadKey(const std::string& path, const YAML::Node& node, const std::string& key) {
  Error error = InvalidArgument("{}:{}: unknown option '{}'", path, node.Mark().line + 1, key);
  error.hint = "the options are: ";
  for (const ConfigKey& known : kKeys) {
    error.hint += fmt::format("{}{}", &known == &kKeys[0] ? "" : ", ", known.name);
  }
  return error;
}

Status ApplyScalar(const std::string& path, const std::string& key, const YAML::Node& node,
                   ServerOptions& options) {
  for (const ConfigKey& known : kKeys) {
    if (key != known.name) continue;
    if (known.apply(node.Scalar(), options)) return Status::Ok();
    bool is_secret = key == kUsersKey;
    return InvalidArgument("{}:{}: '{}' must be {}, not '{}'", path, node.Mark().line + 1, key,
                           known.expects, is_secret ? "***" : node.Scalar());
  }
  return BadKey(path, node, key);
}

/// "http: {port: 1}" and "http.port: 1" mean the same.
Status ApplyMap(const std::string& path, const std::string& prefix, const YAML::Node& map,
                ServerOptions& options) {
  for (const auto& item : map) {
    std::string key = prefix + item.first.Scalar();
    if (item.second.IsMap()) {
      RETURN_IF_ERROR(ApplyMap(path, key + ".", item.second, options));
    } else if (item.second.IsScalar()) {
      RETURN_IF_ERROR(ApplyScalar(path, key, item.second, options));
    } else {
      return InvalidArgument("{}:{}: '{}' must be one value", path, item.first.Mark().line + 1,
                             key);
    }
  }
  return Status::Ok();
}

/// What only several keys together say.
Status CheckTls(const std::string& path, const rpc::ServerTls& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty() ||
      (!tls.client_ca_file.empty() && !tls.is_on())) {
    return InvalidArgument(
        "{}: 'fluss.tls.certificate' and 'fluss.tls.key' are set together, and with "
        "'fluss.tls.client-ca'",
        path);
  }
  return Status::Ok();
}

}  // namespace

Status ReadConfig(const std::string& path, ServerOptions& options) {
  try {
    YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return Status::Ok();
    if (!root.IsMap()) return InvalidArgument("{}: a configuration is a map of options", path);
    RETURN_IF_ERROR(ApplyMap(path, "", root, options));
    return CheckTls(path, options.fluss.limits.tls);
  } catch (const YAML::BadFile&) {
    return NotFound("cannot read the configuration {}", path);
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}:{}: {}", path, error.mark.line + 1, error.msg);
  }
}

}  // namespace forebay::app
