#include "sql/plan/python_call.h"

#include <nlohmann/json.hpp>

namespace forebay::sql {

std::string PythonNameOf(std::string_view spec) {
  nlohmann::json json = nlohmann::json::parse(spec, nullptr, false);
  auto name = json.is_object() ? json.find("function") : json.end();
  return name != json.end() && name->is_string() ? name->get<std::string>() : "PYTHON";
}

}  // namespace forebay::sql
