#include <charconv>
#include <map>

#include "base/bytes.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/json_path.h"
#include "compute/expression/regex.h"
#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"

// Functions of strings that Hive and MySQL gave to Flink.

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;

/// Cuts the first character off UTF-8 text.
std::string_view TakeCharacter(std::string_view& text) {
  size_t bytes = std::max<size_t>(1, PrefixBytes(text, 1));
  std::string_view character = text.substr(0, bytes);
  text.remove_prefix(character.size());
  return character;
}

/// ELT(n, a, b, ...): the n-th of what follows.
Result<Kernel> MakeElt(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      int64_t index = args[0].IsNull(row) ? 0 : args[0].column.Get<int32_t>(args[0].At(row));
      bool there = index >= 1 && index < std::ssize(args);
      if (!there || args[static_cast<size_t>(index)].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      const Operand& chosen = args[static_cast<size_t>(index)];
      builder.AppendString(chosen.column.GetString(chosen.At(row)));
    }
    return builder.Finish();
  });
}

/// TRANSLATE(text, from, to): characters of `from` become those of `to` at the same place; without
/// one there they go.
void Translate(RowWriter& out, std::string_view text, std::string_view from, std::string_view to) {
  std::map<std::string_view, std::string_view> becomes;
  while (!from.empty()) {
    std::string_view character = TakeCharacter(from);
    becomes.emplace(character, to.empty() ? std::string_view() : TakeCharacter(to));
  }
  std::string result;
  while (!text.empty()) {
    std::string_view character = TakeCharacter(text);
    auto found = becomes.find(character);
    result += found == becomes.end() ? character : found->second;
  }
  out.Text(result);
}

Result<Kernel> MakeTranslate(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view, std::string_view>(call, Translate);
}

/// Bytes of hexadecimal digits; an odd first digit stands for a byte of its own, which Flink leaves
/// 0.
Result<Kernel> MakeUnhex(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string padded = text.size() % 2 == 0 ? "" : "0";
    padded += text;
    std::string bytes;
    for (size_t i = 0; i < padded.size(); i += 2) {
      uint8_t byte = 0;
      auto [end, error] = std::from_chars(padded.data() + i, padded.data() + i + 2, byte, 16);
      if (error != std::errc() || end != padded.data() + i + 2) return out.Null();
      bytes += static_cast<char>(i == 0 && text.size() % 2 != 0 ? 0 : byte);
    }
    out.Text(bytes);
  });
}

// ---- Tests of every character

template <bool (*Test)(std::string_view)>
Result<Kernel> MakeTest(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool is = !args[0].IsNull(row) && Test(args[0].column.GetString(args[0].At(row)));
      builder.Append<uint8_t>(is);
    }
    return builder.Finish();
  });
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsDecimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  size_t point = text.find('.');
  std::string_view whole = text.substr(0, point);
  if (point == std::string_view::npos) return IsDigits(whole);
  return IsDigits(whole) && IsDigits(text.substr(point + 1));
}

/// Of numbers the answer is known, even of NULL.
Result<Kernel> MakeNumberTest(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) builder.Append<uint8_t>(1);
    return builder.Finish();
  });
}

// ---- Maps of text

/// A separator: a regular expression, or text that is none of its signs.
class Separator {
 public:
  explicit Separator(std::string_view text) : text_(text) {
    if (!text.empty() && text.find_first_of("\\[](){}.*+?^$|") == std::string::npos) return;
    auto regex = Regex::Compile(text);
    if (regex.ok()) regex_ = *regex;
    valid_ = regex.ok();
  }
  bool valid() const { return valid_; }
  const std::string& text() const { return text_; }

  /// The next separator at or after `from`; an empty one at the begin does not count, as in Java.
  std::optional<Regex::Span> FindIn(std::string_view text, size_t from) const {
    if (regex_ == nullptr) {
      size_t at = text.find(text_, from);
      if (at == text.npos) return std::nullopt;
      return Regex::Span{at, at + text_.size()};
    }
    for (size_t start = from; start <= text.size() && regex_->Find(text, start); ++start) {
      Regex::Span span = *regex_->Group(0);
      if (span.end > span.begin || (span.begin > from && span.begin < text.size())) return span;
      start = span.begin;
    }
    return std::nullopt;
  }

 private:
  std::string text_;
  std::shared_ptr<Regex> regex_;
  bool valid_ = true;
};

/// Entries of "k=v,k=v"; a part without the inner separator has a NULL value.
void AppendEntries(ColumnBuilder& builder, std::string_view text, const Separator& outer,
                   const Separator& inner) {
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> entries;
  auto put = [&](std::string_view part) {
    auto span = inner.FindIn(part, 0);
    std::string_view key = part.substr(0, span ? span->begin : part.npos);
    std::optional<std::string_view> value;
    if (span) value = part.substr(span->end);
    for (auto& entry : entries) {
      if (entry.first == key) return void(entry.second = value);
    }
    entries.emplace_back(key, value);
  };
  while (!text.empty()) {
    auto span = outer.FindIn(text, 0);
    put(text.substr(0, span ? span->begin : text.npos));
    if (!span) break;
    text.remove_prefix(span->end);
  }
  for (const auto& [key, value] : entries) {
    builder.child(0).AppendString(key);
    value ? builder.child(1).AppendString(*value) : builder.child(1).AppendNull();
  }
  builder.FinishEntry();
}

/// STR_TO_MAP(text, entry separator, key separator); separators are regular expressions.
Result<Kernel> MakeStrToMap(const CallSite& call) {
  return Kernel([type = call.type, outer = Separator(","), inner = Separator("=")](
                    const BatchState& state, Operands args) mutable -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool null = false;
      for (const Operand& arg : args) null = null || arg.IsNull(row);
      for (size_t i = 1; i < args.size() && !null; ++i) {
        std::string_view text = args[i].column.GetString(args[i].At(row));
        Separator& separator = i == 1 ? outer : inner;
        if (separator.text() != text) separator = Separator(text);
        if (!separator.valid()) return InvalidArgument("STR_TO_MAP: no separator: '{}'", text);
      }
      if (null) {
        builder.AppendNull();
      } else {
        AppendEntries(builder, args[0].column.GetString(args[0].At(row)), outer, inner);
      }
    }
    return builder.Finish();
  });
}

// ---- Regular expressions over all matches

using RegexPtr = std::shared_ptr<RegexCache>;

/// Calls f(span) for every match until it returns false. An empty match before a character beyond
/// U+FFFF is found again between its two units.
template <typename F>
void ForEachMatch(Regex& regex, std::string_view text, int group, F&& f) {
  for (size_t start = 0; start <= text.size() && regex.Find(text, start);) {
    auto whole = *regex.Group(0);
    auto span = regex.Group(group);
    if (!f(span)) return;
    start = whole.end;
    if (whole.end > whole.begin) continue;
    size_t next = start + std::max<size_t>(1, PrefixBytes(text.substr(start), 1));
    if (next - start == 4 && !f(span)) return;
    start = next;
  }
}

Result<Kernel> MakeRegexpCount(const CallSite& call) {
  auto cache = std::make_shared<RegexCache>();
  return RowKernel<std::string_view, std::string_view>(
      call, [cache](RowWriter& out, std::string_view text, std::string_view pattern) {
        Regex* regex = cache->Get(pattern);
        if (regex == nullptr) return out.Null();
        int32_t count = 0;
        ForEachMatch(*regex, text, 0, [&](const auto&) { return ++count > 0; });
        out.Set(count);
      });
}

Result<Kernel> MakeRegexpSubstr(const CallSite& call) {
  auto cache = std::make_shared<RegexCache>();
  return RowKernel<std::string_view, std::string_view>(
      call, [cache](RowWriter& out, std::string_view text, std::string_view pattern) {
        Regex* regex = cache->Get(pattern);
        if (regex == nullptr || !regex->Find(text)) return out.Null();
        auto span = *regex->Group(0);
        out.Share(text.substr(span.begin, span.end - span.begin));
      });
}

/// The place of the first match, counted from 1 in UTF-16 units as Java does; 0 without one.
Result<Kernel> MakeRegexpInstr(const CallSite& call) {
  auto cache = std::make_shared<RegexCache>();
  return RowKernel<std::string_view, std::string_view>(
      call, [cache](RowWriter& out, std::string_view text, std::string_view pattern) {
        Regex* regex = cache->Get(pattern);
        if (regex == nullptr) return out.Null();
        if (!regex->Find(text)) return out.Set<int32_t>(0);
        size_t before = CountUtf16(text.substr(0, regex->Group(0)->begin));
        out.Set(static_cast<int32_t>(before) + 1);
      });
}

/// Group 1 of every match unless the third argument says which; NULL for a group that is not there.
Result<Kernel> MakeRegexpExtractAll(const CallSite& call) {
  auto cache = std::make_shared<RegexCache>();
  return Kernel(
      [cache, type = call.type](const BatchState& state, Operands args) -> Result<Column> {
        ColumnBuilder builder(type, state.num_rows);
        for (int row = 0; row < state.num_rows; ++row) {
          bool null = std::any_of(args.begin(), args.end(),
                                  [&](const Operand& arg) { return arg.IsNull(row); });
          int group = null || args.size() < 3 ? 1 : args[2].column.Get<int32_t>(args[2].At(row));
          Regex* regex = null ? nullptr : cache->Get(args[1].column.GetString(args[1].At(row)));
          if (regex == nullptr || group < 0 || group > regex->num_groups()) {
            builder.AppendNull();
            continue;
          }
          std::string_view text = args[0].column.GetString(args[0].At(row));
          ForEachMatch(*regex, text, group, [&](const std::optional<Regex::Span>& span) {
            span ? builder.child(0).AppendString(text.substr(span->begin, span->end - span->begin))
                 : builder.child(0).AppendNull();
            return true;
          });
          builder.FinishEntry();
        }
        return builder.Finish();
      });
}

// ---- JSON strings

/// ASCII only: other characters are written as escapes. Of a character beyond U+FFFF Flink writes
/// the whole number and then its second unit, which JSON_UNQUOTE cannot read back.
void AppendAsciiJson(std::string& out, std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  std::string_view rest = quoted;
  while (!rest.empty()) {
    std::string_view character = TakeCharacter(rest);
    if (character.size() == 1) {
      if (character[0] == '/') out += '\\';
      out += character;
      continue;
    }
    uint32_t code = static_cast<uint8_t>(character[0]) & (0xffu >> (character.size() + 1));
    for (char c : character.substr(1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3f);
    out += fmt::format("\\u{:04x}", code);
    if (code >= 0x10000) out += fmt::format("\\u{:04x}", 0xdc00 + (code & 0x3ff));
  }
}

Result<Kernel> MakeJsonQuote(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string result;
    AppendAsciiJson(result, text);
    out.Text(result);
  });
}

/// The characters of a JSON string; other text as it is.
Result<Kernel> MakeJsonUnquote(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    auto json = text.starts_with('"') ? JsonText::Parse(text) : std::nullopt;
    json ? out.Text(json->Scalar()) : out.Share(text);
  });
}

Result<Kernel> MakeTypeof(const CallSite& call) {
  return Kernel([type = call.type, text = call.args[0].ToString()](const BatchState& state,
                                                                   Operands) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) builder.AppendString(text);
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"ELT", "ix+", kNoFlags, MakeElt},
    {"TRANSLATE", "sss", kNoFlags, MakeTranslate},
    {"UNHEX", "s", kNoFlags, MakeUnhex},
    {"IS_DIGIT", "s", kNoFlags, MakeTest<IsDigits>},
    {"IS_DIGIT", "n", kNoFlags, MakeNumberTest},
    {"IS_DECIMAL", "s", kNoFlags, MakeTest<IsDecimal>},
    {"IS_DECIMAL", "n", kNoFlags, MakeNumberTest},
    {"STR_TO_MAP", "s?ss", kNoFlags, MakeStrToMap},
    {"REGEXP_COUNT", "ss", kNoFlags, MakeRegexpCount},
    {"REGEXP_SUBSTR", "ss", kNoFlags, MakeRegexpSubstr},
    {"REGEXP_INSTR", "ss", kNoFlags, MakeRegexpInstr},
    {"REGEXP_EXTRACT_ALL", "ss?i", kNoFlags, MakeRegexpExtractAll},
    {"JSON_QUOTE", "s", kNoFlags, MakeJsonQuote},
    {"JSON_UNQUOTE", "s", kNoFlags, MakeJsonUnquote},
    {"TYPEOF", "*?b", kNoFlags, MakeTypeof},
};

}  // namespace

std::span<const FunctionEntry> TextFunctions() { return kEntries; }

}  // namespace forebay::compute
