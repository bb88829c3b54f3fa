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

/// Bytes of hexadecimal digits; an odd first digit stands for a byte of its own.
Result<Kernel> MakeUnhex(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string padded = text.size() % 2 == 0 ? "" : "0";
    padded += text;
    std::string bytes;
    for (size_t i = 0; i < padded.size(); i += 2) {
      uint8_t byte = 0;
      auto [end, error] = std::from_chars(padded.data() + i, padded.data() + i + 2, byte, 16);
      if (error != std::errc() || end != padded.data() + i + 2) return out.Null();
      bytes += static_cast<char>(byte);
    }
    out.Text(bytes);
  });
}

// ---- Character sets

bool IsUtf8(std::string_view name) {
  std::string lower;
  for (char c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return lower == "utf-8" || lower == "utf8";
}

Error UnknownCharset(const CallSite& call, std::string_view name) {
  return NotSupported("{}: character set '{}' (only UTF-8 is)", call.name, name);
}

Result<Kernel> MakeEncode(const CallSite& call) {
  auto charset = call.LiteralText(1);
  if (!charset || !IsUtf8(*charset)) return UnknownCharset(call, charset.value_or("of a column"));
  return RowKernel<std::string_view>(
      call, [](RowWriter& out, std::string_view text) { out.Share(text); });
}

/// Bytes that are no UTF-8 become U+FFFD, as in Java.
Result<Kernel> MakeDecode(const CallSite& call) {
  auto charset = call.LiteralText(1);
  if (!charset || !IsUtf8(*charset)) return UnknownCharset(call, charset.value_or("of a column"));
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view bytes) {
    std::string text;
    for (size_t at = 0; at < bytes.size();) {
      auto lead = static_cast<uint8_t>(bytes[at]);
      size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
      size_t taken = 1;
      while (taken < size && at + taken < bytes.size() && (bytes[at + taken] & 0xc0) == 0x80) {
        ++taken;
      }
      text += taken == size ? bytes.substr(at, size) : std::string_view("\xEF\xBF\xBD");
      at += taken;
    }
    out.Text(text);
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

// ---- Maps of text

/// Entries of "k=v,k=v"; a part without the inner separator has a NULL value.
void AppendEntries(ColumnBuilder& builder, std::string_view text, std::string_view outer,
                   std::string_view inner) {
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> entries;
  auto put = [&](std::string_view part) {
    size_t at = part.find(inner);
    std::string_view key = part.substr(0, at);
    std::optional<std::string_view> value;
    if (at != part.npos) value = part.substr(at + inner.size());
    for (auto& entry : entries) {
      if (entry.first == key) return void(entry.second = value);
    }
    entries.emplace_back(key, value);
  };
  while (!text.empty()) {
    size_t end = text.find(outer);
    put(text.substr(0, end));
    if (end == text.npos) break;
    text.remove_prefix(end + outer.size());
  }
  for (const auto& [key, value] : entries) {
    builder.child(0).AppendString(key);
    value ? builder.child(1).AppendString(*value) : builder.child(1).AppendNull();
  }
  builder.FinishEntry();
}

/// STR_TO_MAP(text, entry separator, key separator); separators are plain text or literals.
Result<Kernel> MakeStrToMap(const CallSite& call) {
  std::string outer(call.args.size() > 1 ? call.LiteralText(1).value_or("") : ",");
  std::string inner(call.args.size() > 2 ? call.LiteralText(2).value_or("") : "=");
  // Flink takes regular expressions; text that is none of their signs means itself.
  for (const std::string& separator : {outer, inner}) {
    if (separator.empty() || separator.find_first_of("\\[](){}.*+?^$|") != std::string::npos) {
      return NotSupported("STR_TO_MAP: separators must be literals without signs of patterns");
    }
  }
  return Kernel([=, type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.AppendNull();
      } else {
        AppendEntries(builder, args[0].column.GetString(args[0].At(row)), outer, inner);
      }
    }
    return builder.Finish();
  });
}

// ---- URLs

/// The parts of "scheme://user@host:port/path?query#ref".
struct Url {
  std::string_view scheme, authority, user, host, path, query, ref, file;

  static std::optional<Url> Parse(std::string_view text) {
    Url url;
    size_t colon = text.find("://");
    if (colon == text.npos || colon == 0) return std::nullopt;
    url.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 3);
    size_t hash = text.find('#');
    if (hash != text.npos) url.ref = text.substr(hash + 1);
    text = text.substr(0, hash);
    size_t path = text.find_first_of("/?");
    url.authority = text.substr(0, path);
    url.file = path == text.npos ? std::string_view() : text.substr(path);
    size_t question = url.file.find('?');
    url.path = url.file.substr(0, question);
    if (question != url.file.npos) url.query = url.file.substr(question + 1);
    size_t at = url.authority.rfind('@');
    if (at != url.authority.npos) url.user = url.authority.substr(0, at);
    url.host = at == url.authority.npos ? url.authority : url.authority.substr(at + 1);
    url.host = url.host.substr(0, url.host.rfind(':'));
    return url;
  }

  std::optional<std::string_view> Part(std::string_view name) const {
    if (name == "HOST") return host;
    if (name == "PATH") return path;
    if (name == "QUERY") return query.data() == nullptr ? std::nullopt : std::optional(query);
    if (name == "REF") return ref.data() == nullptr ? std::nullopt : std::optional(ref);
    if (name == "PROTOCOL") return scheme;
    if (name == "AUTHORITY") return authority;
    if (name == "FILE") return file;
    if (name == "USERINFO") return user.data() == nullptr ? std::nullopt : std::optional(user);
    return std::nullopt;
  }
};

std::optional<std::string_view> QueryValue(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    size_t equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == key) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

Result<Kernel> MakeParseUrl(const CallSite& call) {
  auto part = [](RowWriter& out, std::string_view text, std::string_view name) {
    auto url = Url::Parse(text);
    auto found = url ? url->Part(name) : std::nullopt;
    found ? out.Share(*found) : out.Null();
  };
  if (call.args.size() == 2) return RowKernel<std::string_view, std::string_view>(call, part);
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call, [](RowWriter& out, std::string_view text, std::string_view name, std::string_view key) {
        auto url = Url::Parse(text);
        auto found = url && name == "QUERY" ? QueryValue(url->query, key) : std::nullopt;
        found ? out.Share(*found) : out.Null();
      });
}

// ---- Regular expressions over all matches

using RegexPtr = std::shared_ptr<RegexCache>;

/// Calls f(span) for every match until it returns false.
template <typename F>
void ForEachMatch(Regex& regex, std::string_view text, int group, F&& f) {
  for (size_t start = 0; start <= text.size() && regex.Find(text, start);) {
    auto whole = *regex.Group(0);
    if (!f(regex.Group(group))) return;
    start = whole.end > whole.begin ? whole.end : whole.end + 1;
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

/// ASCII only: other characters are written as escapes of UTF-16 units.
void AppendAsciiJson(std::string& out, std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  std::string_view rest = quoted;
  while (!rest.empty()) {
    std::string_view character = TakeCharacter(rest);
    if (character.size() == 1) {
      out += character;
      continue;
    }
    uint32_t code = static_cast<uint8_t>(character[0]) & (0xffu >> (character.size() + 1));
    for (char c : character.substr(1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3f);
    if (code >= 0x10000) {
      out += fmt::format("\\u{:04x}", 0xd800 + ((code - 0x10000) >> 10));
      code = 0xdc00 + (code & 0x3ff);
    }
    out += fmt::format("\\u{:04x}", code);
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

// ---- PRINTF

/// %s, %d, %x and %% of java.util.Formatter, with width and '-' and '0' flags.
struct Directive {
  std::string before;  ///< text in front of it
  char letter = 0;     ///< 0: only text
  bool left = false, zeros = false;
  size_t width = 0;
};

Result<std::vector<Directive>> ParseFormat(std::string_view format) {
  std::vector<Directive> directives(1);
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      directives.back().before += format[i];
      continue;
    }
    Directive& directive = directives.back();
    for (++i; i < format.size() && (format[i] == '-' || format[i] == '0'); ++i) {
      (format[i] == '-' ? directive.left : directive.zeros) = true;
    }
    for (; i < format.size() && format[i] >= '0' && format[i] <= '9'; ++i) {
      directive.width = std::min<size_t>(directive.width * 10 + (format[i] - '0'), 10000);
    }
    char letter = i < format.size() ? format[i] : 0;
    if (letter == '%') {
      directive.before += '%';
    } else if (letter == 's' || letter == 'd' || letter == 'x') {
      directive.letter = letter;
      directives.emplace_back();
    } else {
      return NotSupported("PRINTF: '%{}' in '{}' (%s, %d, %x and %% are)", letter, format);
    }
  }
  return directives;
}

std::optional<std::string> FormatArgument(const Directive& directive, const Operand& arg, int row) {
  std::string text;
  if (arg.IsNull(row)) {
    text += "null";
  } else {
    if (directive.letter != 's' && !arg.type().IsInteger()) return std::nullopt;
    AppendCell(text, arg.column, arg.At(row), nullptr);
    if (directive.letter == 'x') {
      int64_t number = *ParseInteger(text);
      uint64_t bits = static_cast<uint64_t>(number);
      if (arg.column.physical() == model::PhysicalType::kInt32) bits &= 0xffffffffu;
      text = fmt::format("{:x}", bits);
    }
  }
  size_t pad = directive.width - std::min(directive.width, CountCharacters(text));
  if (directive.left) return text + std::string(pad, ' ');
  if (!directive.zeros || arg.IsNull(row)) return std::string(pad, ' ') + text;
  size_t sign = text.starts_with('-') ? 1 : 0;
  return text.substr(0, sign) + std::string(pad, '0') + text.substr(sign);
}

Result<Kernel> MakePrintf(const CallSite& call) {
  auto format = call.LiteralText(0);
  if (!format) return NotSupported("PRINTF: the format must be a literal");
  ASSIGN_OR_RETURN(std::vector<Directive> directives, ParseFormat(*format));
  return Kernel([=, type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      std::optional<std::string> text("");
      size_t next = 1;
      for (const Directive& directive : directives) {
        if (!text) break;
        *text += directive.before;
        if (directive.letter == 0) continue;
        auto part = next < args.size() ? FormatArgument(directive, args[next], row) : std::nullopt;
        ++next;
        text = part ? std::optional(*text + *part) : std::nullopt;
      }
      text ? builder.AppendString(*text) : builder.AppendNull();
    }
    return builder.Finish();
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
    {"ELT", "is+", kNoFlags, MakeElt},
    {"TRANSLATE", "sss", kNoFlags, MakeTranslate},
    {"UNHEX", "s", kNoFlags, MakeUnhex},
    {"ENCODE", "ss", kNoFlags, MakeEncode},
    {"DECODE", "xs", kNoFlags, MakeDecode},
    {"IS_DIGIT", "s", kNoFlags, MakeTest<IsDigits>},
    {"IS_DECIMAL", "s", kNoFlags, MakeTest<IsDecimal>},
    {"STR_TO_MAP", "s?ss", kNoFlags, MakeStrToMap},
    {"PARSE_URL", "ss?s", kNoFlags, MakeParseUrl},
    {"REGEXP_COUNT", "ss", kNoFlags, MakeRegexpCount},
    {"REGEXP_SUBSTR", "ss", kNoFlags, MakeRegexpSubstr},
    {"REGEXP_INSTR", "ss", kNoFlags, MakeRegexpInstr},
    {"REGEXP_EXTRACT_ALL", "ss?i", kNoFlags, MakeRegexpExtractAll},
    {"JSON_QUOTE", "s", kNoFlags, MakeJsonQuote},
    {"JSON_UNQUOTE", "s", kNoFlags, MakeJsonUnquote},
    {"PRINTF", "s*+", kNoFlags, MakePrintf},
    {"TYPEOF", "*?b", kNoFlags, MakeTypeof},
};

}  // namespace

std::span<const FunctionEntry> TextFunctions() { return kEntries; }

}  // namespace forebay::compute
