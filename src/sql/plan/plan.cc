#include "sql/plan/plan.h"

namespace forebay::sql {

std::string ChangelogMode::ToString() const {
  std::string text;
  auto add = [&](bool present, const char* name) {
    if (!present) return;
    if (!text.empty()) text += ',';
    text += name;
  };
  add(insert, "I");
  add(update_before, "UB");
  add(update_after, "UA");
  add(remove, "D");
  return "[" + text + "]";
}

std::vector<model::DataType> PlanNode::OutputTypes() const {
  std::vector<model::DataType> types;
  types.reserve(output.size());
  for (const Field& field : output) types.push_back(field.type);
  return types;
}

}  // namespace forebay::sql
