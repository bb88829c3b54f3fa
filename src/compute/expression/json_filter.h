#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/expression/json_path.h"

namespace forebay::compute {

/// The condition of a path's filter, as Jayway's JsonPath has them: `@.a == 1 && (@.b || !@.c)`
/// with ==, !=, ===, !==, <, <=, >, >=, =~ /pattern/i, in, nin, contains, size and empty.
/// Immutable.
class JsonFilter {
 public:
  /// What stands between "[?(" and ")]"; null for what is no condition.
  static std::shared_ptr<const JsonFilter> Parse(std::string_view text);

  /// `lax`: a member that is missing compares as null.
  bool Accepts(const JsonText& item, const JsonText& root, bool lax) const;

 private:
  friend class JsonFilterParser;

  enum class Kind { kAnd, kOr, kNot, kExists, kCompare };
  enum class ValueKind { kUndefined, kNull, kBoolean, kNumber, kString, kJson, kPattern };

  /// A side of a comparison, found or written.
  struct Value {
    ValueKind kind = ValueKind::kUndefined;
    std::string text;  ///< of a string its characters, of the others JSON
  };
  struct Operand {
    std::optional<JsonPath> path;  ///< else `literal`
    bool from_root = false;
    Value literal;
  };

  static Value ValueOf(const JsonText& place);
  static Value Read(const Operand& operand, const JsonText& item, const JsonText& root, bool lax);
  static bool Compare(const Value& left, const std::string& op, const Value& right);
  static bool Equals(const Value& left, const Value& right);
  static bool Contains(const Value& list, const Value& value);
  static std::optional<int> Order(const Value& left, const Value& right);
  static bool Matches(const Value& left, const Value& right);
  static bool HasSize(const Value& left, const std::string& op, const Value& right);

  Kind kind_ = Kind::kExists;
  std::vector<std::shared_ptr<const JsonFilter>> parts_;  ///< of kAnd, kOr, kNot
  Operand left_;
  std::string op_;
  Operand right_;
};

}  // namespace forebay::compute
