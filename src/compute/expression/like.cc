#include "compute/expression/like.h"

#include <cstring>

namespace forebay::compute {

std::optional<LikePattern> LikePattern::Compile(std::string_view pattern,
                                                std::optional<char> escape) {
  LikePattern like;
  Piece piece;
  bool after_percent = false;
  auto flush = [&] {
    if (!piece.text.empty()) like.pieces_.push_back(std::move(piece));
    piece = Piece();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    bool literal = false;
    if (escape && c == *escape) {
      if (i + 1 == pattern.size()) return std::nullopt;
      c = pattern[++i];
      if (c != '%' && c != '_' && c != *escape) return std::nullopt;
      literal = true;
    }
    if (c == '%' && !literal) {
      if (like.pieces_.empty() && piece.text.empty()) like.open_start_ = true;
      flush();
      after_percent = true;
      continue;
    }
    after_percent = false;
    bool any = c == '_' && !literal;
    piece.text += c;
    piece.any.push_back(any);
    piece.plain = piece.plain && !any;
  }
  flush();
  like.open_end_ = after_percent;
  return like;
}

/// Whether the piece matches from byte `at` on; a wildcard takes a whole character.
bool LikePattern::MatchesAt(const Piece& piece, std::string_view text, size_t at, size_t& end) {
  for (size_t i = 0; i < piece.text.size(); ++i) {
    if (at >= text.size()) return false;
    if (!piece.any[i]) {
      if (text[at++] != piece.text[i]) return false;
      continue;
    }
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  end = at;
  return true;
}

bool LikePattern::Matches(std::string_view text) const {
  if (pieces_.empty()) return open_start_ || text.empty();
  const Piece& first = pieces_[0];
  if (pieces_.size() == 1 && first.plain) {
    if (open_start_ && open_end_) {
      return memmem(text.data(), text.size(), first.text.data(), first.text.size()) != nullptr;
    }
    if (open_start_) return text.ends_with(first.text);
    if (open_end_) return text.starts_with(first.text);
    return text == first.text;
  }
  return MatchesPieces(text);
}

/// Each piece at its first possible place, which leaves the most room for the rest; a piece at a
/// closed end must reach it.
bool LikePattern::MatchesPieces(std::string_view text) const {
  size_t at = 0;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    bool fixed_start = i == 0 && !open_start_;
    bool fixed_end = i + 1 == pieces_.size() && !open_end_;
    bool found = false;
    for (size_t place = at; place <= text.size(); ++place) {
      // Only where a character begins.
      bool inside = place < text.size() && (static_cast<unsigned char>(text[place]) & 0xc0) == 0x80;
      size_t end = 0;
      if (!inside && MatchesAt(pieces_[i], text, place, end) &&
          (!fixed_end || end == text.size())) {
        at = end;
        found = true;
        break;
      }
      if (fixed_start) break;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace forebay::compute
