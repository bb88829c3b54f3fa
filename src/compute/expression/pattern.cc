#include <algorithm>

#include "compute/expression/like.h"
#include "compute/expression/regex.h"
#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"

namespace forebay::compute {

namespace {

Error BadPattern(std::string_view pattern) {
  return InvalidArgument("LIKE: invalid escape sequence in pattern: '{}'", pattern);
}

Result<std::optional<char>> EscapeOf(std::string_view text) {
  if (text.size() != 1) return InvalidArgument("LIKE: invalid escape character: '{}'", text);
  return std::optional<char>(text[0]);
}

/// The pattern is a literal, as nearly always: compiled once.
Result<Kernel> LiteralLike(const CallSite& call, std::string_view pattern) {
  std::optional<char> escape;
  if (call.args.size() == 3) {
    ASSIGN_OR_RETURN(escape, EscapeOf(*call.LiteralText(2)));
  }
  std::optional<LikePattern> like = LikePattern::Compile(pattern, escape);
  if (!like) return BadPattern(pattern);
  return RowKernel<std::string_view>(call, [like = *like](RowWriter& out, std::string_view text) {
    out.Set(static_cast<uint8_t>(like.Matches(text)));
  });
}

Result<Kernel> MakeLike(const CallSite& call) {
  auto pattern = call.LiteralText(1);
  if (pattern && (call.args.size() == 2 || call.LiteralText(2))) {
    return LiteralLike(call, *pattern);
  }
  auto match = [](RowWriter& out, std::string_view text, std::string_view dynamic,
                  std::string_view escape) {
    std::optional<char> character;
    if (!escape.empty()) character = escape[0];
    auto like = LikePattern::Compile(dynamic, character);
    if (!like) return out.Fail(BadPattern(dynamic));
    out.Set(static_cast<uint8_t>(like->Matches(text)));
  };
  if (call.args.size() == 3) {
    return RowKernel<std::string_view, std::string_view, std::string_view>(call, match);
  }
  return RowKernel<std::string_view, std::string_view>(
      call, [match](RowWriter& out, std::string_view text, std::string_view dynamic) {
        match(out, text, dynamic, {});
      });
}

// ---- Regular expressions: one that is malformed matches nothing, as in Flink, which logs and goes
// on.

/// The compiled pattern for a row: a literal one is the same for all.
class PatternSource {
 public:
  PatternSource(const CallSite& call, size_t arg) {
    if (auto text = call.LiteralText(arg)) {
      literal_ = true;
      auto regex = Regex::Compile(*text);
      if (regex.ok()) compiled_ = *regex;
    }
  }
  Regex* For(std::string_view pattern) { return literal_ ? compiled_.get() : cache_->Get(pattern); }

 private:
  bool literal_ = false;
  std::shared_ptr<Regex> compiled_;
  std::shared_ptr<RegexCache> cache_ = std::make_shared<RegexCache>();
};

Result<Kernel> MakeRegexp(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view>(
      call, [source = PatternSource(call, 1)](RowWriter& out, std::string_view text,
                                              std::string_view pattern) mutable {
        Regex* regex = pattern.empty() ? nullptr : source.For(pattern);
        out.Set(static_cast<uint8_t>(regex != nullptr && regex->Find(text)));
      });
}

Result<Kernel> MakeRegexpExtract(const CallSite& call) {
  auto extract = [source = PatternSource(call, 1)](RowWriter& out, std::string_view text,
                                                   std::string_view pattern,
                                                   int32_t group) mutable {
    Regex* regex = source.For(pattern);
    if (regex == nullptr || group < 0 || group > regex->num_groups() || !regex->Find(text)) {
      return out.Null();
    }
    auto span = regex->Group(group);
    if (!span) return out.Null();
    out.Share(text.substr(span->begin, span->end - span->begin));
  };
  if (call.args.size() == 3) {
    return RowKernel<std::string_view, std::string_view, int32_t>(call, extract);
  }
  return RowKernel<std::string_view, std::string_view>(
      call, [extract](RowWriter& out, std::string_view text, std::string_view pattern) mutable {
        extract(out, text, pattern, 0);
      });
}

/// Whether the pattern matches the empty text between two characters.
bool MatchesBetween(Regex& regex) {
  if (!regex.Find("aa", 1)) return false;
  Regex::Span span = *regex.Group(0);
  return span.begin == 1 && span.end == 1;
}

/// As ReplaceAll for text with characters beyond U+FFFF: an empty match is also found between the
/// two units of such a character, which takes it apart.
void ReplaceAllUnits(Regex& regex, std::string_view text, std::string_view with,
                     std::u16string& result) {
  std::u16string replacement = ToUtf16(with);
  size_t copied = 0, start = 0;
  while (start <= text.size() && regex.Find(text, start)) {
    Regex::Span span = *regex.Group(0);
    result += ToUtf16(text.substr(copied, span.begin - copied));
    result += replacement;
    copied = start = span.end;
    if (span.end != span.begin) continue;
    size_t next = std::min(start + 1, text.size());
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80) ++next;
    std::u16string units = ToUtf16(text.substr(start, next - start));
    if (units.size() == 2) {
      result.append(1, units[0]).append(replacement).append(1, units[1]);
      copied = next;
    }
    start = next == start ? start + 1 : next;
  }
  if (copied < text.size()) result += ToUtf16(text.substr(copied));
}

void ReplaceAll(Regex& regex, std::string_view text, std::string_view with, std::string& result) {
  size_t copied = 0, start = 0;
  while (start <= text.size() && regex.Find(text, start)) {
    Regex::Span span = *regex.Group(0);
    result.append(text.substr(copied, span.begin - copied)).append(with);
    copied = span.end;
    start = span.end;
    if (span.end != span.begin) continue;
    // An empty match: go on after the next character.
    ++start;
    while (start < text.size() && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) ++start;
  }
  if (copied < text.size()) result.append(text.substr(copied));
}

/// The replacement is literal text: $1 means nothing.
Result<Kernel> MakeRegexpReplace(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call,
      [source = PatternSource(call, 1)](RowWriter& out, std::string_view text,
                                        std::string_view pattern, std::string_view with) mutable {
        Regex* regex = source.For(pattern);
        if (regex == nullptr) return out.Null();
        if (HasSurrogates(text) && MatchesBetween(*regex)) {
          std::u16string units;
          ReplaceAllUnits(*regex, text, with, units);
          return out.Text(FromUtf16(units));
        }
        std::string result;
        ReplaceAll(*regex, text, with, result);
        out.Text(result);
      });
}

Result<Kernel> MakeSimilar(const CallSite& call) {
  auto pattern = call.LiteralText(1);
  if (!pattern || (call.args.size() == 3 && !call.LiteralText(2))) return NoKernel(call);
  std::optional<char> escape;
  if (call.args.size() == 3) {
    ASSIGN_OR_RETURN(escape, EscapeOf(*call.LiteralText(2)));
  }
  std::optional<std::string> translated = SimilarToRegex(*pattern, escape);
  if (!translated) return InvalidArgument("SIMILAR TO: malformed pattern: '{}'", *pattern);
  ASSIGN_OR_RETURN(std::shared_ptr<Regex> regex, Regex::Compile(*translated));
  return RowKernel<std::string_view>(call, [regex](RowWriter& out, std::string_view text) {
    out.Set(static_cast<uint8_t>(regex->Find(text)));
  });
}

constexpr FunctionEntry kEntries[] = {
    {"LIKE", "ss?s", kNoFlags, MakeLike},
    {"SIMILAR", "ss?s", kNoFlags, MakeSimilar},
    {"REGEXP", "ss", kNoFlags, MakeRegexp},
    {"REGEXP_EXTRACT", "ss?i", kNoFlags, MakeRegexpExtract},
    {"REGEXP_REPLACE", "sss", kNoFlags, MakeRegexpReplace},
};

}  // namespace

std::span<const FunctionEntry> PatternFunctions() { return kEntries; }

}  // namespace forebay::compute
