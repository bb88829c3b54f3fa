#include "sql/diagnostic.h"

#include <fmt/format.h>

namespace forebay::sql {
namespace {

std::string_view LineAt(std::string_view script, int line) {
  for (int i = 1; i < line; ++i) {
    size_t end = script.find('\n');
    if (end == std::string_view::npos) return {};
    script.remove_prefix(end + 1);
  }
  return script.substr(0, script.find('\n'));
}

}  // namespace

std::string RenderError(const Error& error, std::string_view script) {
  std::string text = error.message;
  if (error.position.line > 0) {
    std::string_view line = LineAt(script, error.position.line);
    std::string number = std::to_string(error.position.line);
    text = fmt::format("line {}, column {}: {}\n {} | {}\n {} | ", number, error.position.column,
                       error.message, number, line, std::string(number.size(), ' '));
    for (int i = 1; i < error.position.column; ++i) {
      bool tab = i <= static_cast<int>(line.size()) && line[i - 1] == '\t';
      text += tab ? '\t' : ' ';
    }
    text += '^';
  }
  if (!error.hint.empty()) text += "\n hint: " + error.hint;
  return text;
}

std::string_view ErrorCode(std::string_view message) {
  if (!message.starts_with("SQL-")) return {};
  return message.substr(0, message.find(' '));
}

Error ErrorAt(Error error, SourcePosition position) {
  if (error.position.line == 0) error.position = position;
  return error;
}

}  // namespace forebay::sql
