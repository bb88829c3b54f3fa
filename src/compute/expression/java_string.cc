
#include "base/byte_scan.h"
#include "compute/expression/cell_text.h"
#include "compute/expression/row_kernel.h"
#include "compute/expression/utf16.h"

// Functions that Flink computes on Java strings, whose places are UTF-16 units: an emoji counts as
// two and may be cut in half. Text without characters beyond U+FFFF takes the paths on UTF-8.

namespace forebay::compute {

namespace {

/// A result longer than this is refused: a mistyped length must not take all memory.
constexpr int64_t kMaxResultBytes = int64_t{1} << 28;

// ---- REPLACE

/// An empty text is found before every character and at the end.
void ReplaceEmpty(RowWriter& out, std::string_view text, std::string_view to) {
  std::string result;
  if (HasSurrogates(text)) {
    std::u16string units, with = ToUtf16(to);
    for (char16_t unit : ToUtf16(text)) units.append(with).append(1, unit);
    return out.Text(FromUtf16(units.append(with)));
  }
  for (size_t i = 0; i < text.size();) {
    size_t size = PrefixBytes(text.substr(i), 1);
    result.append(to).append(text.substr(i, size));
    i += size;
  }
  out.Text(result.append(to));
}

Result<Kernel> MakeReplace(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view, std::string_view>(
      call, [result = std::string()](RowWriter& out, std::string_view text, std::string_view from,
                                     std::string_view to) mutable {
        if (from.empty()) return ReplaceEmpty(out, text, to);
        size_t at = text.find(from);
        if (at == std::string_view::npos) return out.Share(text);
        result.clear();
        size_t begin = 0;
        for (; at != std::string_view::npos; at = text.find(from, begin)) {
          result.append(text.substr(begin, at - begin)).append(to);
          begin = at + from.size();
        }
        out.Text(result.append(text.substr(begin)));
      });
}

size_t CountOccurrences(std::string_view text, std::string_view wanted) {
  if (wanted.size() == 1) return CountBytes(text, IsByte(wanted.front()));
  size_t count = 0;
  for (size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, at + wanted.size())) {
    ++count;
  }
  return count;
}

/// CHAR_LENGTH(REPLACE(text, from, to)), as which it is compiled when `from` is not empty: the
/// length of `text` tells it, with how often it has `from`.
Result<Kernel> MakeReplacedLength(const CallSite& call) {
  return RowKernel<int32_t, std::string_view, std::string_view, std::string_view>(
      call, [](RowWriter& out, int32_t length, std::string_view text, std::string_view from,
               std::string_view to) {
        int64_t more =
            static_cast<int64_t>(CountCharacters(to)) - static_cast<int64_t>(CountCharacters(from));
        int64_t times = static_cast<int64_t>(CountOccurrences(text, from));
        out.Set(static_cast<int32_t>(length + times * more));
      });
}

// ---- OVERLAY

/// `text` with `length` places from `start` on, counted from 1, replaced. A length of less than
/// nothing, or one that leads beyond the end, drops the rest.
template <typename View>
auto Overlaid(View text, View with, int64_t start, int64_t length) {
  std::basic_string<typename View::value_type> result(
      text.substr(0, static_cast<size_t>(start - 1)));
  result += with;
  if (length > 0 && start + length <= std::ssize(text)) {
    result += text.substr(static_cast<size_t>(start - 1 + length));
  }
  return result;
}

/// Places are characters: the text has none beyond U+FFFF.
void OverlayCharacters(RowWriter& out, std::string_view text, std::string_view with, int32_t start,
                       int32_t length) {
  int64_t characters = static_cast<int64_t>(CountCharacters(text));
  if (start <= 0 || start > characters) return out.Share(text);
  if (characters == std::ssize(text)) return out.Text(Overlaid(text, with, start, length));
  std::string result(text.substr(0, PrefixBytes(text, static_cast<size_t>(start - 1))));
  result += with;
  if (length > 0 && int64_t{start} + length <= characters) {
    result += text.substr(PrefixBytes(text, static_cast<size_t>(int64_t{start} - 1 + length)));
  }
  out.Text(result);
}

void Overlay(RowWriter& out, std::string_view text, std::string_view with, int32_t start,
             int32_t length) {
  if (!HasSurrogates(text)) return OverlayCharacters(out, text, with, start, length);
  std::u16string units = ToUtf16(text);
  if (start <= 0 || start > std::ssize(units)) return out.Share(text);
  std::u16string replacement = ToUtf16(with);
  out.Text(FromUtf16(
      Overlaid(std::u16string_view(units), std::u16string_view(replacement), start, length)));
}

Result<Kernel> MakeOverlay(const CallSite& call) {
  if (call.args.size() == 4) {
    return RowKernel<std::string_view, std::string_view, int32_t, int32_t>(call, Overlay);
  }
  return RowKernel<std::string_view, std::string_view, int32_t>(
      call, [](RowWriter& out, std::string_view text, std::string_view with, int32_t start) {
        Overlay(out, text, with, start, static_cast<int32_t>(CountUtf16(with)));
      });
}

// ---- LPAD, RPAD

/// `missing` places filled with copies of `pad`.
std::u16string Filler(std::u16string_view pad, size_t missing) {
  std::u16string filler;
  while (filler.size() < missing) filler += pad.substr(0, missing - filler.size());
  return filler;
}

template <bool kLeft>
void PadUnits(RowWriter& out, std::string_view text, size_t wanted, std::string_view pad) {
  std::u16string units = ToUtf16(text);
  if (units.size() >= wanted) return out.Text(FromUtf16(units.substr(0, wanted)));
  std::u16string filler = Filler(ToUtf16(pad), wanted - units.size());
  out.Text(FromUtf16(kLeft ? filler + units : units + filler));
}

template <bool kLeft>
void PadCharacters(RowWriter& out, std::string_view text, size_t wanted, std::string_view pad) {
  size_t has = CountCharacters(text);
  if (has >= wanted) return out.Share(text.substr(0, PrefixBytes(text, wanted)));
  std::string filler;
  size_t missing = wanted - has, per_pad = CountCharacters(pad);
  for (size_t i = 0; i < missing / per_pad; ++i) filler += pad;
  filler += pad.substr(0, PrefixBytes(pad, missing % per_pad));
  out.Text(kLeft ? filler.append(text) : std::string(text).append(filler));
}

template <bool kLeft>
Result<Kernel> MakePad(const CallSite& call) {
  return RowKernel<std::string_view, int32_t, std::string_view>(
      call, [](RowWriter& out, std::string_view text, int32_t length, std::string_view pad) {
        if (length < 0 || pad.empty()) return out.Null();
        if (int64_t{length} * 4 > kMaxResultBytes) {
          return out.Fail(InvalidArgument("LPAD, RPAD: the length is too large: {}", length));
        }
        size_t wanted = static_cast<size_t>(length);
        if (HasSurrogates(text) || HasSurrogates(pad)) {
          PadUnits<kLeft>(out, text, wanted, pad);
        } else {
          PadCharacters<kLeft>(out, text, wanted, pad);
        }
      });
}

constexpr FunctionEntry kEntries[] = {
    {"REPLACE", "sss", kNoFlags, MakeReplace},
    {"REPLACED_LENGTH", "isss", kNoFlags, MakeReplacedLength},
    {"OVERLAY", "ssi?i", kNoFlags, MakeOverlay},
    {"LPAD", "sis", kNoFlags, MakePad<true>},
    {"RPAD", "sis", kNoFlags, MakePad<false>},
};

}  // namespace

std::span<const FunctionEntry> JavaStringFunctions() { return kEntries; }

}  // namespace forebay::compute
