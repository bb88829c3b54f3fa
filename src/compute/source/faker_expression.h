#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace forebay::compute {

/// A text with placeholders, "#{Name.firstName} from #{Address.city}", after flink-faker's
/// expressions: what stands in a placeholder is a category, a method and arguments in quotes,
/// "#{Number.numberBetween '1','100'}", in any letter case. docs/connectors.md lists them.
/// Immutable.
class FakerExpression {
 public:
  /// kInvalidArgument for unknown placeholders and wrong arguments, with what there is.
  static Result<FakerExpression> Parse(std::string_view text);
  /// The text for a random number: always the same for the same number. `now_ms` is what times
  /// are counted from.
  std::string Make(uint64_t random, int64_t now_ms) const;

 private:
  using Part = std::function<void(std::string& out, uint64_t random, int64_t now_ms)>;
  std::vector<Part> parts_;
};

}  // namespace forebay::compute
