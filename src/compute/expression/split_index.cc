#include "compute/expression/split_index.h"

#include <algorithm>
#include <bit>

#include "base/byte_scan.h"
#include "compute/expression/letter_case.h"
#include "compute/expression/row_kernel.h"

namespace forebay::compute {

namespace {

using model::Column;
using model::ColumnBuilder;
using model::DataType;

/// The cell of `size` bytes of `text` from `begin` on; a long one points into the text.
model::StringRef CellWithin(std::string_view text, size_t begin, size_t size) {
  constexpr size_t kInline = model::StringRef::kInlineBytes;
  if (size > kInline) return model::StringRef(text.substr(begin, size));
  __m128i bytes = LoadUpTo16(text.data() + begin, size);
  __m128i cell = _mm_or_si128(_mm_slli_si128(bytes, sizeof(uint32_t)),
                              _mm_cvtsi32_si128(static_cast<int32_t>(size)));
  model::StringRef result;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(&result), cell);
  return result;
}

/// Where the first separators begin, `count` at most.
void FindSeparators(std::string_view text, std::string_view separator, size_t count,
                    std::vector<uint32_t>& places) {
  places.clear();
  if (separator.size() == 1) {
    ScanBytes(text, IsByte(separator.front()), [&](uint32_t bits, size_t offset) {
      for (; bits != 0 && places.size() < count; bits &= bits - 1) {
        places.push_back(static_cast<uint32_t>(offset) +
                         static_cast<uint32_t>(std::countr_zero(bits)));
      }
      return places.size() < count;
    });
    return;
  }
  size_t at = text.find(separator);
  while (at != std::string_view::npos && places.size() < count) {
    places.push_back(static_cast<uint32_t>(at));
    at = text.find(separator, at + separator.size());
  }
}

/// The piece `index` of a text whose first separators, at least up to that piece's end, are at
/// `places`; it must be there.
model::StringRef PieceOf(std::string_view text, const std::vector<uint32_t>& places,
                         size_t separator_size, size_t index) {
  size_t begin = index == 0 ? 0 : places[index - 1] + separator_size;
  size_t end = index < places.size() ? places[index] : text.size();
  return CellWithin(text, begin, end - begin);
}

// ---- The calls whose separator or index is no literal.

void SplitIndex(RowWriter& out, std::string_view text, std::string_view separator, int32_t index,
                std::vector<uint32_t>& places) {
  if (index < 0 || text.empty()) return out.Null();
  if (separator.empty()) separator = " ";
  FindSeparators(text, separator, static_cast<size_t>(index) + 1, places);
  if (places.size() < static_cast<size_t>(index)) return out.Null();
  out.Set(PieceOf(text, places, separator.size(), static_cast<size_t>(index)));
}

Result<Kernel> MakeSplitIndex(const CallSite& call) {
  return RowKernel<std::string_view, std::string_view, int32_t>(
      call, [places = std::vector<uint32_t>()](RowWriter& out, std::string_view text,
                                               std::string_view separator, int32_t index) mutable {
        SplitIndex(out, text, separator, index, places);
      });
}

/// The separator is a character's number.
Result<Kernel> MakeSplitIndexByCode(const CallSite& call) {
  return RowKernel<std::string_view, int32_t, int32_t>(
      call, [places = std::vector<uint32_t>()](RowWriter& out, std::string_view text, int32_t code,
                                               int32_t index) mutable {
        std::string separator;
        if (code <= 0 || code > 255) return out.Null();
        AppendCodePoint(separator, code);
        SplitIndex(out, text, separator, index, places);
      });
}

constexpr FunctionEntry kEntries[] = {
    {"SPLIT_INDEX", "ssi", kNoFlags, MakeSplitIndex},
    {"SPLIT_INDEX", "sii", kNoFlags, MakeSplitIndexByCode},
};

}  // namespace

int PieceCutter::Want(int32_t index) {
  auto found = std::find(wanted_.begin(), wanted_.end(), index);
  int child = static_cast<int>(found - wanted_.begin());
  if (found == wanted_.end()) wanted_.push_back(index);
  last_ = std::max(last_, static_cast<size_t>(index));
  return child;
}

void PieceCutter::CutRow(std::string_view text, int row, std::vector<ColumnBuilder>& pieces) {
  FindSeparators(text, separator_, last_ + 1, places_);
  for (size_t i = 0; i < wanted_.size(); ++i) {
    auto index = static_cast<size_t>(wanted_[i]);
    if (index > places_.size() || text.empty()) {
      pieces[i].SetNull(row);
    } else {
      pieces[i].mutable_values<model::StringRef>()[row] =
          PieceOf(text, places_, separator_.size(), index);
    }
  }
}

Column PieceCutter::Cut(int num_rows, const Operand& text) {
  std::vector<ColumnBuilder> pieces;
  for (size_t i = 0; i < wanted_.size(); ++i) {
    pieces.emplace_back(DataType::String(), num_rows);
    pieces.back().Resize(num_rows);
    pieces.back().AddOwnersOf(text.column);
  }
  bool no_text = text.column.physical() == model::PhysicalType::kNull;
  const auto* texts = no_text ? nullptr : text.column.values<model::StringRef>();
  for (int row = 0; row < num_rows; ++row) {
    bool is_null = no_text || (text.column.MayHaveNulls() && text.IsNull(row));
    CutRow(is_null ? std::string_view() : texts[text.At(row)].view(), row, pieces);
  }
  std::vector<Column> columns;
  std::vector<model::RowField> fields;
  for (size_t i = 0; i < pieces.size(); ++i) {
    columns.push_back(pieces[i].Finish());
    fields.push_back({std::to_string(wanted_[i]), columns.back().type()});
  }
  return Column::Nested(DataType::Row(std::move(fields)), num_rows, nullptr, nullptr,
                        std::move(columns), {});
}

std::span<const FunctionEntry> SplitFunctions() { return kEntries; }

}  // namespace forebay::compute
