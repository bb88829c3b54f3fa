#include "sql/parser/interval_text.h"

#include <array>
#include <cctype>
#include <vector>

namespace forebay::sql {

namespace {

struct Unit {
  std::string_view name;
  bool is_months;
  int64_t amount;  // in months or milliseconds
};

// Coarse to fine; "A TO B" takes the units from A to B.
constexpr std::array<Unit, 9> kUnits = {{{"YEAR", true, 12},
                                         {"QUARTER", true, 3},
                                         {"MONTH", true, 1},
                                         {"WEEK", false, 7 * 86400000LL},
                                         {"DAY", false, 86400000LL},
                                         {"HOUR", false, 3600000LL},
                                         {"MINUTE", false, 60000LL},
                                         {"SECOND", false, 1000LL},
                                         {"MILLISECOND", false, 1LL}}};

int UnitIndex(std::string_view name) {
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (kUnits[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

/// Splits "1 02:03:04.5" at spaces, colons and (between years and months) dashes.
std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == ' ' || text[i] == ':' || text[i] == '-') {
      if (i > begin) pieces.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  return pieces;
}

/// Digits, with a fraction allowed for seconds; adds the amount in `unit`.
bool AddPiece(std::string_view piece, const Unit& unit, int64_t& total) {
  int64_t whole = 0;
  size_t i = 0;
  for (; i < piece.size() && std::isdigit(static_cast<unsigned char>(piece[i])); ++i) {
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, piece[i] - '0', &whole)) {
      return false;
    }
  }
  if (i == 0 || __builtin_mul_overflow(whole, unit.amount, &whole)) return false;
  if (i < piece.size() && piece[i] == '.' && unit.name == "SECOND") {
    int64_t scale = 100;
    for (++i; i < piece.size() && std::isdigit(static_cast<unsigned char>(piece[i])); ++i) {
      whole += (piece[i] - '0') * scale;
      scale /= 10;
    }
  }
  return i == piece.size() && !__builtin_add_overflow(total, whole, &total);
}

Error BadInterval(std::string_view text, std::string_view unit) {
  Error error = InvalidArgument("'{}' is no interval of {}", text, unit);
  error.hint = "examples: INTERVAL '10' MINUTE, INTERVAL '1 02:03:04' DAY TO SECOND";
  return error;
}

}  // namespace

bool IsIntervalUnit(std::string_view word) { return UnitIndex(SingularUnit(word)) >= 0; }

std::string SingularUnit(std::string_view word) {
  if (word.ends_with('S') && UnitIndex(word.substr(0, word.size() - 1)) >= 0) {
    word.remove_suffix(1);
  }
  return std::string(word);
}

Result<IntervalAmount> ParseIntervalText(std::string_view text, std::string_view unit) {
  size_t to = unit.find(" TO ");
  int first = UnitIndex(unit.substr(0, to));
  int last = to == std::string_view::npos ? first : UnitIndex(unit.substr(to + 4));
  if (first < 0 || last < first || kUnits[first].is_months != kUnits[last].is_months) {
    return BadInterval(text, unit);
  }
  std::string_view digits = text;
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  bool negative = !digits.empty() && digits.front() == '-';
  if (negative || (!digits.empty() && digits.front() == '+')) digits.remove_prefix(1);
  std::vector<int> units;
  for (int i = first; i <= last; ++i) {
    bool skipped = kUnits[i].name == "QUARTER" || kUnits[i].name == "WEEK";
    if (first == last || !skipped) units.push_back(i);
  }
  std::vector<std::string_view> pieces = Pieces(digits);
  if (pieces.size() != units.size()) return BadInterval(text, unit);
  int64_t total = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!AddPiece(pieces[i], kUnits[units[i]], total)) return BadInterval(text, unit);
  }
  return IntervalAmount{negative ? -total : total, kUnits[first].is_months};
}

}  // namespace forebay::sql
