#pragma once

#include <cstdint>
#include <deque>
#include <memory>
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
  /// A negative index counts from the end.
  std::optional<JsonText> Element(int64_t index) const;
  /// The values of an object or array, in order; nothing for scalars.
  std::vector<JsonText> Children() const;
  /// A string without quotes and escapes; numbers as Java shows them; other scalars as they are.
  std::string Scalar() const;
  /// As Flink writes JSON: no white space, members ordered by name, numbers as Java shows them.
  void AppendCanonical(std::string& out) const;

 private:
  explicit JsonText(std::string_view text) : text_(text) {}

  std::string_view text_;
};

void AppendJsonString(std::string& out, std::string_view text);

/// How long the part of a path or filter is from the bracket at its beginning to the one that
/// closes it, those in quotes left out; npos when none does.
size_t BracketsLength(std::string_view text);

class JsonFilter;

/// A SQL/JSON path as Jayway's JsonPath reads it: members, elements, slices, lists of names,
/// wildcards, descents and filters, such as "lax $.a[0]['b c'][*]..d[0,2][1:][?(@.e > 1)]", and at
/// the end of a path to one place a function: length(), size(), min(), max(), avg(), sum(),
/// stddev(), first(), last().
class JsonPath {
 public:
  /// What is at a path. Paths with a wildcard or descent always find a list, maybe an empty one.
  struct Found {
    bool is_list = false;
    std::vector<JsonText> values;  ///< one value unless is_list
    /// A filter stands behind a path to one place, and there is a scalar: an error in lax mode,
    /// too.
    bool is_error = false;
    /// Holds the text of values that a list of names or a function makes.
    std::shared_ptr<std::deque<std::string>> made = nullptr;
  };

  static std::optional<JsonPath> Parse(std::string_view text);

  /// A path without a mode is strict.
  bool strict() const { return strict_; }
  /// Nothing when a member or element is missing, unless a wildcard or descent stands before it.
  std::optional<Found> Find(const JsonText& root) const;

 private:
  struct Step {
    std::string member;
    std::optional<int64_t> index;
    bool wildcard = false;
    bool descends = false;  ///< applied to the place and all below it
    std::vector<int64_t> indices;
    std::vector<std::string> names;            ///< ['a', 'b']: at the end one object of them
    std::shared_ptr<const JsonFilter> filter;  ///< [?(...)]
    std::string function;                      ///< .length(): the last step
    bool slice = false;  ///< from slice_first up to, not including, slice_last
    std::optional<int64_t> slice_first;
    std::optional<int64_t> slice_last;

    bool FindsList() const {
      return wildcard || descends || slice || !indices.empty() || filter != nullptr;
    }
  };
  /// What steps need besides the place.
  struct Walk {
    const JsonText& root;
    std::vector<JsonText> found;
    std::shared_ptr<std::deque<std::string>> made;
    bool lax = false;
  };

  static std::optional<Step> TakeStep(std::string_view& text);
  static bool TakeBrackets(std::string_view& text, Step& step);
  static bool TakeNames(std::string_view& text, Step& step);
  static bool TakeFilter(std::string_view& text, Step& step);
  static bool TakeFunction(std::string_view& text, Step& step);
  static bool ParsePlaces(std::string_view text, Step& step);
  static void Apply(const Step& step, bool is_last, const JsonText& place, Walk& walk);
  static void ApplySlice(const Step& step, const JsonText& place, std::vector<JsonText>& found);
  static void ApplyNames(const Step& step, bool is_last, const JsonText& place, Walk& walk);
  static void ApplyFunction(const std::string& name, const JsonText& place, Walk& walk);

  bool strict_ = true;
  bool makes_ = false;  ///< some step makes values
  std::vector<Step> steps_;
};

}  // namespace forebay::compute
