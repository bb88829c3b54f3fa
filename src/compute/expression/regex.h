#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace forebay::compute {

/// A regular expression of java.util.regex's syntax, matched by PCRE2 with its just-in-time
/// compiler. Belongs to one thread: it keeps the last match.
class Regex {
 public:
  static Result<std::shared_ptr<Regex>> Compile(std::string_view pattern);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  /// Searches from byte `start`; also false when the text is no UTF-8 or the match needs too many
  /// steps.
  bool Find(std::string_view text, size_t start = 0);
  int num_groups() const { return num_groups_; }
  /// Bytes of a group of the last match; nothing when it took no part.
  struct Span {
    size_t begin, end;
  };
  std::optional<Span> Group(int group) const;

 private:
  struct State;
  Regex(std::unique_ptr<State> state, int num_groups);

  std::unique_ptr<State> state_;
  int num_groups_;
};

/// Compiles patterns that come from columns; remembers some of them.
class RegexCache {
 public:
  /// Null for a pattern that is no regular expression.
  Regex* Get(std::string_view pattern);

 private:
  static constexpr size_t kMaxPatterns = 256;
  std::unordered_map<std::string, std::shared_ptr<Regex>> patterns_;
};

/// The regular expression of a SIMILAR TO pattern; nothing when the pattern is malformed.
std::optional<std::string> SimilarToRegex(std::string_view pattern, std::optional<char> escape);

}  // namespace forebay::compute
