#include "compute/expression/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace forebay::compute {

struct Regex::State {
  pcre2_code* code = nullptr;
  pcre2_match_data* match = nullptr;
  pcre2_match_context* context = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    pcre2_match_context_free(context);
    pcre2_match_data_free(match);
    pcre2_code_free(code);
  }
};

namespace {

/// Steps after which a match is given up: patterns come from users, and some take exponential time.
constexpr uint32_t kMatchLimit = 10'000'000;

}  // namespace

Result<std::shared_ptr<Regex>> Regex::Compile(std::string_view pattern) {
  auto state = std::make_unique<State>();
  int error = 0;
  PCRE2_SIZE at = 0;
  // Java: \d and \w are ASCII, \n alone is not the only line end, and an unmatched ] is literal: as
  // PCRE2's defaults.
  state->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &error, &at, nullptr);
  if (state->code == nullptr) {
    PCRE2_UCHAR text[128];
    pcre2_get_error_message(error, text, sizeof(text));
    return InvalidArgument("invalid regular expression at character {}: {}: '{}'", at,
                           reinterpret_cast<const char*>(text), pattern);
  }
  pcre2_jit_compile(state->code, PCRE2_JIT_COMPLETE);
  state->match = pcre2_match_data_create_from_pattern(state->code, nullptr);
  state->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(state->context, kMatchLimit);
  uint32_t groups = 0;
  pcre2_pattern_info(state->code, PCRE2_INFO_CAPTURECOUNT, &groups);
  return std::shared_ptr<Regex>(new Regex(std::move(state), static_cast<int>(groups)));
}

Regex::Regex(std::unique_ptr<State> state, int num_groups)
    : state_(std::move(state)), num_groups_(num_groups) {}

Regex::~Regex() = default;

bool Regex::Find(std::string_view text, size_t start) {
  return pcre2_match(state_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start, 0,
                     state_->match, state_->context) > 0;
}

std::optional<Regex::Span> Regex::Group(int group) const {
  const PCRE2_SIZE* spans = pcre2_get_ovector_pointer(state_->match);
  size_t begin = spans[2 * group], end = spans[2 * group + 1];
  if (begin == PCRE2_UNSET) return std::nullopt;
  return Span{begin, end};
}

Regex* RegexCache::Get(std::string_view pattern) {
  auto found = patterns_.find(std::string(pattern));
  if (found == patterns_.end()) {
    if (patterns_.size() >= kMaxPatterns) patterns_.clear();
    auto regex = Regex::Compile(pattern);
    found = patterns_.emplace(pattern, regex.ok() ? *regex : nullptr).first;
  }
  return found->second.get();
}

std::optional<std::string> SimilarToRegex(std::string_view pattern, std::optional<char> escape) {
  std::string regex = "\\A(?s:";
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (escape && c == *escape) {
      if (++i == pattern.size()) return std::nullopt;
      regex += '\\';
      regex += pattern[i];
    } else if (in_class) {
      in_class = c != ']';
      regex += c;
    } else if (c == '%') {
      regex += ".*";
    } else if (c == '_') {
      regex += '.';
    } else if (c == '[') {
      in_class = true;
      regex += c;
    } else if (std::string_view(".^$\\").find(c) != std::string_view::npos) {
      regex += '\\';
      regex += c;
    } else {
      regex += c;
    }
  }
  if (in_class) return std::nullopt;
  return regex + ")\\z";
}

}  // namespace forebay::compute
