#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay::compute {

/// A compiled LIKE pattern: % is any text, _ one character. The common forms (equal, prefix,
/// suffix, contains) are found out when it is compiled. Thread-safe.
class LikePattern {
 public:
  /// Nothing when the escape character stands before anything but %, _ or itself, or at the end.
  static std::optional<LikePattern> Compile(std::string_view pattern,
                                            std::optional<char> escape = std::nullopt);
  bool Matches(std::string_view text) const;

 private:
  /// Literal text with wildcards of one character; `any` marks those positions.
  struct Piece {
    std::string text;
    std::vector<bool> any;
    bool plain = true;
  };

  static bool MatchesAt(const Piece& piece, std::string_view text, size_t at, size_t& end);
  bool MatchesPieces(std::string_view text) const;

  /// What lies between the % signs.
  std::vector<Piece> pieces_;
  bool open_start_ = false, open_end_ = false;
};

}  // namespace forebay::compute
