#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace forebay::app {

/// Texts by number, numbered as they first occur. Thread-compatible.
class Names {
 public:
  int IdOf(std::string_view name);
  /// -1 when there is none.
  int Find(std::string_view name) const;
  const std::string& of(int id) const { return names_[id]; }
  int size() const { return static_cast<int>(names_.size()); }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> ids_;
};

/// One event of a visitor. What is a name in the file is its number here.
struct Click {
  int64_t ts_ms = 0;
  int user = 0;
  int session = 0;
  int event = 0;
  int platform = 0;
  int channel = 0;
  int cohort = 0;
  int lifecycle = 0;
  int product_id = 0;  ///< 0: the event is about no product
};

/// The clicks of the data set in the order in which they happened. Immutable once loaded.
struct Clickstream {
  static constexpr int kProducts = 120;

  std::vector<Click> clicks;
  Names users, sessions, events, platforms, channels, cohorts, lifecycles;
};

/// Where the data set is: below FOREBAY_DEPS, or beside a packed program, or in the user's cache
/// directory.
std::string ClickstreamPath();

/// Reads the gzip-compressed CSV file. kNotFound says how to get it; kCorruption and
/// kInvalidArgument name file and row. The file knows no products: events that are about one get a
/// product number made of session and product view.
Result<Clickstream> LoadClickstream(const std::string& path);

/// The clicks of a stream over and over at the same times, with new users and sessions in each
/// copy, in event-time order and `rows` in all; the last copy ends early. Thread-safe.
class Replay {
 public:
  /// `stream` outlives the replay and is not empty.
  Replay(const Clickstream& stream, int64_t rows)
      : stream_(stream),
        rows_(rows),
        size_(static_cast<int64_t>(stream.clicks.size())),
        copies_(static_cast<int>((rows + size_ - 1) / size_)) {}

  const Clickstream& stream() const { return stream_; }
  int64_t rows() const { return rows_; }
  int copies() const { return copies_; }

  /// Calls visit(click, copy) for every row until it returns an error.
  template <typename Visit>
  Status ForEach(Visit&& visit) const {
    const int64_t in_last_copy = rows_ - (copies_ - 1) * size_;
    for (int64_t i = 0; i < size_; ++i) {
      int copies = i < in_last_copy ? copies_ : copies_ - 1;
      for (int copy = 0; copy < copies; ++copy) RETURN_IF_ERROR(visit(stream_.clicks[i], copy));
    }
    return Status();
  }

  /// The name of a user or session in a copy: in the first one as in the file.
  static void AppendName(std::string& out, const std::string& name, int copy);

 private:
  const Clickstream& stream_;
  const int64_t rows_;
  const int64_t size_;
  const int copies_;
};

}  // namespace forebay::app
