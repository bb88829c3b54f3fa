// A stored plan: as EXECUTE PLAN and the record of a job have it. What is read can be told, and is
// written and read again as it is.

#include "sql/plan/plan_json.h"

#include "base/check.h"
#include "sql/explain/explain.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(plan) {
  auto plan = sql::PlanFromJson(input);
  if (!plan.ok()) return;
  (void)sql::ExplainPlan(*plan, true, true);
  std::string text = sql::PlanToJson(*plan);
  auto again = sql::PlanFromJson(text);
  CHECK(again.ok() && sql::PlanToJson(*again) == text);
}

}  // namespace forebay
