#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace forebay {

/// Parses a JSON text in which every number is whole, as in the metadata of Fluss and Iceberg.
/// Returns a discarded value, as Json::parse does for what is no JSON, when a number is a
/// fraction or does not fit into 64 bits: to nlohmann those are floating-point numbers, which it
/// casts to the integer asked for, and that is undefined for most of them.
template <typename Json>
Json ParseWholeJson(std::string_view text) {
  bool is_whole = true;
  auto look = [&is_whole](int, typename Json::parse_event_t event, Json& value) {
    is_whole = is_whole && (event != Json::parse_event_t::value || !value.is_number_float());
    return true;
  };
  Json parsed = Json::parse(text, look, false);
  return is_whole ? parsed : Json(Json::value_t::discarded);
}

}  // namespace forebay
