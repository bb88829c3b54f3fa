#include <utf8proc.h>

#include <algorithm>
#include <cstring>

#include "base/byte_scan.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/letter_case.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::DataType;

/// A result longer than this is refused: a mistyped length must not take all memory.
constexpr int64_t kMaxResultBytes = int64_t{1} << 28;

/// The byte at which character `count` begins; the end when there are fewer.
size_t ByteOf(std::string_view text, bool ascii, size_t count) {
  return ascii ? std::min(count, text.size()) : PrefixBytes(text, count);
}

// ---- CONCAT

Result<Kernel> MakeConcat(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    if (AnyAllNull(args)) return Column::AllNull(type, state.num_rows);
    model::ColumnBuilder builder(type, state.num_rows);
    builder.Resize(state.num_rows);
    CombineValidity(builder, args);
    std::string text;
    for (int row = 0; row < state.num_rows; ++row) {
      if (builder.IsNull(row)) continue;
      text.clear();
      for (const Operand& arg : args) text += arg.column.GetString(arg.At(row));
      builder.mutable_values<model::StringRef>()[row] = builder.AddString(text);
    }
    return builder.Finish();
  });
}

/// NULL arguments are skipped; a NULL separator makes NULL.
Result<Kernel> MakeConcatWs(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    std::string text;
    for (int row = 0; row < state.num_rows; ++row) {
      if (args[0].IsNull(row)) {
        builder.AppendNull();
        continue;
      }
      text.clear();
      bool first = true;
      for (const Operand& arg : args.subspan(1)) {
        if (arg.IsNull(row)) continue;
        if (!first) text += args[0].column.GetString(args[0].At(row));
        text += arg.column.GetString(arg.At(row));
        first = false;
      }
      builder.AppendString(text);
    }
    return builder.Finish();
  });
}

// ---- Lengths and positions

Result<Kernel> MakeCharLength(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    out.Set(static_cast<int32_t>(CountCharacters(text)));
  });
}

/// 1-based position of the n-th character from `from` on at which `needle` begins; 0 when it does
/// not occur.
int32_t Position(std::string_view needle, std::string_view text, int32_t from) {
  if (needle.empty()) return 1;
  from = std::max(from, 1);
  bool ascii = IsAscii(text);
  size_t start = ByteOf(text, ascii, static_cast<size_t>(from - 1));
  size_t found = text.find(needle, start);
  if (found == std::string_view::npos) return 0;
  return static_cast<int32_t>(ascii ? found : CountCharacters(text.substr(0, found))) + 1;
}

Result<Kernel> MakePosition(const CallSite& call) {
  if (call.args.size() == 3) {
    return RowKernel<std::string_view, std::string_view, int32_t>(
        call, [](RowWriter& out, std::string_view needle, std::string_view text, int32_t from) {
          out.Set(Position(needle, text, from));
        });
  }
  return RowKernel<std::string_view, std::string_view>(
      call, [](RowWriter& out, std::string_view needle, std::string_view text) {
        out.Set(Position(needle, text, 1));
      });
}

// ---- Pieces

/// Flink's SUBSTRING: 0 is the first character as 1 is, a negative start counts from the end.
void Substring(RowWriter& out, std::string_view text, int32_t start, int32_t length) {
  if (length < 0) return out.Null();
  bool ascii = IsAscii(text);
  int64_t characters =
      ascii ? static_cast<int64_t>(text.size()) : static_cast<int64_t>(CountCharacters(text));
  int64_t begin = start > 0 ? start - 1 : (start < 0 ? characters + start : 0);
  if (begin < 0 || begin >= characters) return out.Share({});
  size_t from = ByteOf(text, ascii, static_cast<size_t>(begin));
  std::string_view rest = text.substr(from);
  out.Share(rest.substr(0, ByteOf(rest, ascii, static_cast<size_t>(length))));
}

Result<Kernel> MakeSubstring(const CallSite& call) {
  if (call.args.size() == 3) {
    return RowKernel<std::string_view, int32_t, int32_t>(call, Substring);
  }
  return RowKernel<std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, int32_t start) {
        Substring(out, text, start, INT32_MAX);
      });
}

Result<Kernel> MakeLeft(const CallSite& call) {
  return RowKernel<std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, int32_t count) {
        size_t keep = static_cast<size_t>(std::max(count, 0));
        out.Share(text.substr(0, PrefixBytes(text, keep)));
      });
}

Result<Kernel> MakeRight(const CallSite& call) {
  return RowKernel<std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, int32_t count) {
        int64_t skip = static_cast<int64_t>(CountCharacters(text)) - std::max(count, 0);
        out.Share(text.substr(PrefixBytes(text, static_cast<size_t>(std::max<int64_t>(skip, 0)))));
      });
}

bool HasCharacter(std::string_view set, std::string_view character) {
  for (size_t i = 0; i < set.size();) {
    size_t size = PrefixBytes(set.substr(i), 1);
    if (set.substr(i, size) == character) return true;
    i += size;
  }
  return false;
}

std::string_view TrimStart(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    size_t size = PrefixBytes(text, 1);
    if (!HasCharacter(characters, text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  return text;
}

std::string_view TrimEnd(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    if (!HasCharacter(characters, text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return text;
}

Result<Kernel> MakeTrim(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call, [](RowWriter& out, std::string_view mode, std::string_view characters,
               std::string_view text) {
        if (mode != "TRAILING") text = TrimStart(text, characters);
        if (mode != "LEADING") text = TrimEnd(text, characters);
        out.Share(text);
      });
}

Result<Kernel> MakeRepeat(const CallSite& call) {
  return RowKernel<std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, int32_t count) {
        int64_t bytes = static_cast<int64_t>(text.size()) * std::max(count, 0);
        if (bytes > kMaxResultBytes) {
          return out.Fail(InvalidArgument("REPEAT: the result is too long: {} bytes", bytes));
        }
        std::string result;
        for (int32_t i = 0; i < count; ++i) result += text;
        out.Text(result);
      });
}

Result<Kernel> MakeReverse(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string result(text.size(), '\0');
    size_t end = text.size();
    for (size_t i = 0; i < text.size();) {
      size_t size = PrefixBytes(text.substr(i), 1);
      end -= size;
      std::memcpy(result.data() + end, text.data() + i, size);
      i += size;
    }
    out.Text(result);
  });
}

template <bool kStart>
Result<Kernel> MakeAffix(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view>(
      call, [](RowWriter& out, std::string_view text, std::string_view affix) {
        out.Set(static_cast<uint8_t>(kStart ? text.starts_with(affix) : text.ends_with(affix)));
      });
}

}  // namespace

void AppendCodePoint(std::string& out, int32_t code) {
  utf8proc_uint8_t bytes[4];
  auto size = utf8proc_encode_char(code, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

namespace {

// ---- Case

/// Characters whose upper case is longer than one; Java's String.toUpperCase follows Unicode's
/// SpecialCasing.
const char* SpecialUpper(utf8proc_int32_t code) {
  switch (code) {
    case 0xDF: return "SS";
    case 0x149: return "\u02bcN";
    case 0x1F0: return "J\u030c";
    case 0x390: return "\u0399\u0308\u0301";
    case 0x3B0: return "\u03a5\u0308\u0301";
    case 0x587: return "\u0535\u0552";
    case 0xFB00: return "FF";
    case 0xFB01: return "FI";
    case 0xFB02: return "FL";
    case 0xFB03: return "FFI";
    case 0xFB04: return "FFL";
    case 0xFB05:
    case 0xFB06: return "ST";
    default: return nullptr;
  }
}

/// f(code point, output) for every code point; a broken byte is copied.
template <typename F>
void ForEachCodePoint(std::string_view text, std::string& result, F f) {
  auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code;
    auto size = utf8proc_iterate(data, left, &code);
    if (size <= 0) {
      result += static_cast<char>(*data);
      size = 1;
    } else {
      f(code, result);
    }
    data += size;
    left -= size;
  }
}

}  // namespace

void AppendUpperCase(std::string& result, std::string_view text) {
  ForEachCodePoint(text, result, [](utf8proc_int32_t code, std::string& out) {
    if (const char* special = SpecialUpper(code)) {
      out += special;
    } else {
      AppendCodePoint(out, utf8proc_toupper(code));
    }
  });
}

namespace {

void LowerUnicode(std::string_view text, std::string& result) {
  ForEachCodePoint(text, result, [](utf8proc_int32_t code, std::string& out) {
    AppendCodePoint(out, utf8proc_tolower(code));
    // Capital I with dot keeps its dot.
    if (code == 0x130) out += "\u0307";
  });
}

template <bool kUpper>
Result<Kernel> MakeCase(const CallSite& call) {
  bool fixed = call.type.Is(model::TypeRoot::kChar);
  size_t length = fixed ? static_cast<size_t>(call.type.length()) : 0;
  return RowKernel<std::string_view>(
      call, [result = std::string(), length](RowWriter& out, std::string_view text) mutable {
        result.clear();
        if (!IsAscii(text)) {
          kUpper ? AppendUpperCase(result, text) : LowerUnicode(text, result);
          // A CHAR(n) keeps its length, as in Flink: UPPER('straße') is STRASS.
          if (length > 0) result.resize(PrefixBytes(result, length));
          return out.Text(result);
        }
        result.resize(text.size());
        for (size_t i = 0; i < text.size(); ++i) {
          unsigned char c = static_cast<unsigned char>(text[i]);
          bool change = kUpper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z';
          result[i] = static_cast<char>(change ? c ^ 0x20 : c);
        }
        out.Text(result);
      });
}

/// ASCII only, as in Flink: any other character ends a word.
Result<Kernel> MakeInitcap(const CallSite& call) {
  return RowKernel<std::string_view>(call, [](RowWriter& out, std::string_view text) {
    std::string result(text);
    bool begin = true;
    for (char& c : result) {
      bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
      if ((begin && lower) || (!begin && upper)) c = static_cast<char>(c ^ 0x20);
      begin = !upper && !lower && !(c >= '0' && c <= '9');
    }
    out.Text(result);
  });
}

bool IsLetters(std::string_view text) {
  auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  bool letters = left > 0;
  while (letters && left > 0) {
    utf8proc_int32_t code;
    auto size = utf8proc_iterate(at, left, &code);
    if (size <= 0) return false;
    utf8proc_category_t category = utf8proc_category(code);
    letters = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    at += size;
    left -= size;
  }
  return letters;
}

Result<Kernel> MakeIsAlpha(const CallSite& call) {
  return Kernel([type = call.type](const BatchState& state, Operands args) -> Result<Column> {
    model::ColumnBuilder builder(type, state.num_rows);
    for (int row = 0; row < state.num_rows; ++row) {
      bool is = !args[0].IsNull(row) && IsLetters(args[0].column.GetString(args[0].At(row)));
      builder.Append<uint8_t>(is);
    }
    return builder.Finish();
  });
}

constexpr FunctionEntry kEntries[] = {
    {"CONCAT", "s+", kNoFlags, MakeConcat},
    {"CONCAT", "x+", kNoFlags, MakeConcat},
    {"CONCAT_WS", "ss+", kNoFlags, MakeConcatWs},
    {"CHAR_LENGTH", "s", kNoFlags, MakeCharLength},
    {"POSITION", "ss?i", kNoFlags, MakePosition},
    {"SUBSTRING", "si?i", kNoFlags, MakeSubstring},
    {"LEFT", "si", kNoFlags, MakeLeft},
    {"RIGHT", "si", kNoFlags, MakeRight},
    {"TRIM", "sss", kNoFlags, MakeTrim},
    {"REPEAT", "si", kNoFlags, MakeRepeat},
    {"REVERSE", "s", kNoFlags, MakeReverse},
    {"STARTSWITH", "xx", kNoFlags, MakeAffix<true>},
    {"ENDSWITH", "xx", kNoFlags, MakeAffix<false>},
    {"UPPER", "s", kNoFlags, MakeCase<true>},
    {"LOWER", "s", kNoFlags, MakeCase<false>},
    {"INITCAP", "s", kNoFlags, MakeInitcap},
    {"IS_ALPHA", "s", kNoFlags, MakeIsAlpha},
};

}  // namespace

std::span<const FunctionEntry> StringFunctions() { return kEntries; }

}  // namespace forebay::compute
