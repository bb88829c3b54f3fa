#pragma once

#include <fmt/format.h>

#include <string>

#include "model/value_text.h"

namespace forebay::app {

/// A TIMESTAMP(3) as SQL writes it.
inline std::string TimeText(int64_t ts_ms) {
  std::string text;
  model::AppendTimestamp(text, ts_ms, 3);
  return text;
}

/// Cells joined as ExpectedTable's rows are.
template <typename... Cells>
std::string TextRow(const Cells&... cells) {
  std::string row;
  ((row += fmt::format("{}|", cells)), ...);
  row.pop_back();
  return row;
}

}  // namespace forebay::app
