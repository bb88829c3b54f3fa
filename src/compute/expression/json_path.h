#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::compute {

/// A place in JSON text: the value's bytes, white space around it left out. The text is never
/// parsed into a tree, so numbers keep their digits.
class JsonText {
 public:
  /// Nothing when the text is not one valid JSON value.
  static std::optional<JsonText> Parse(std::string_view text);

  std::string_view text() const { return text_; }
  bool IsObject() const { return text_[0] == '{'; }
  bool IsArray() const { return text_[0] == '['; }
  bool IsNull() const { return text_ == "null"; }
  /// The last member of that name, as Jackson keeps it.
  std::optional<JsonText> Member(std::string_view name) const;
  std::optional<JsonText> Element(size_t index) const;
  /// A string without quotes and escapes; other scalars as they are written.
  std::string Scalar() const;
  /// Without white space between tokens.
  std::string Compact() const;

 private:
  explicit JsonText(std::string_view text) : text_(text) {}

  std::string_view text_;
};

/// A SQL/JSON path of member and element steps: "lax $.a[0]['b c']". Wildcards and filters are not
/// supported.
class JsonPath {
 public:
  static std::optional<JsonPath> Parse(std::string_view text);

  bool strict() const { return strict_; }
  std::optional<JsonText> Find(const JsonText& root) const;

 private:
  struct Step {
    std::string member;
    std::optional<size_t> index;
  };

  bool strict_ = false;
  std::vector<Step> steps_;
};

}  // namespace forebay::compute
