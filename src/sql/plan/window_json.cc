#include "sql/plan/window_json.h"

namespace forebay::sql {

using Json = nlohmann::json;

Json WindowJson(const WindowSpec& w) {
  return {{"kind", static_cast<int>(w.kind)},
          {"size_ms", w.size_ms},
          {"slide_ms", w.slide_ms},
          {"offset_ms", w.offset_ms},
          {"time_column", w.time_column},
          {"partition_keys", w.partition_keys},
          {"window_start_column", w.window_start_column},
          {"window_end_column", w.window_end_column}};
}

WindowSpec WindowOf(const Json& json) {
  WindowSpec w;
  w.kind = static_cast<WindowKind>(json.at("kind").get<int>());
  json.at("size_ms").get_to(w.size_ms);
  json.at("slide_ms").get_to(w.slide_ms);
  json.at("offset_ms").get_to(w.offset_ms);
  json.at("time_column").get_to(w.time_column);
  json.at("partition_keys").get_to(w.partition_keys);
  json.at("window_start_column").get_to(w.window_start_column);
  json.at("window_end_column").get_to(w.window_end_column);
  return w;
}

}  // namespace forebay::sql
