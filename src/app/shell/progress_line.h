#pragma once

#include <cstdint>

namespace forebay::app {

/// Rows and rows a second of a statement that takes long, on a terminal's standard error only, in
/// one line that is written over. Thread-compatible.
class ProgressLine {
 public:
  /// A new statement begins.
  void Restart();
  /// `rows` so far. `shown` tells that they stand on the same terminal already: then no line is.
  void Update(int64_t rows, bool shown);
  /// Takes the line away, before something else is written.
  void Clear();

 private:
  int64_t begin_ms_ = 0;
  int64_t shown_ms_ = 0;  ///< 0: there is no line
};

}  // namespace forebay::app
