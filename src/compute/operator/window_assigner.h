#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// Which windows a time belongs to, for TUMBLE, HOP and CUMULATE. Windows are cut into slices, the
/// largest pieces that no window border divides, so that a row is accumulated once however many
/// windows it is in. Times are milliseconds; a slice or window is named by its exclusive end.
/// Immutable, thread-safe.
class WindowAssigner {
 public:
  explicit WindowAssigner(const sql::WindowSpec& spec)
      : kind_(spec.kind), size_(spec.size_ms), slide_(spec.slide_ms), offset_(spec.offset_ms) {
    slice_ = kind_ == sql::WindowKind::kHop        ? std::gcd(size_, slide_)
             : kind_ == sql::WindowKind::kCumulate ? slide_
                                                   : size_;
  }

  int64_t slice_ms() const { return slice_; }
  int64_t SliceEnd(int64_t time) const { return FloorTo(time, slice_) + slice_; }

  int64_t WindowStart(int64_t window_end) const {
    return kind_ == sql::WindowKind::kCumulate ? FloorTo(window_end - 1, size_)
                                               : window_end - size_;
  }
  /// The end of the last window that has the slice; the smallest int64 when none has (HOP with a
  /// slide above the size).
  int64_t LastWindowEnd(int64_t slice_end) const {
    int64_t begin = slice_end - slice_;
    if (kind_ == sql::WindowKind::kTumble) return slice_end;
    if (kind_ == sql::WindowKind::kCumulate) return FloorTo(begin, size_) + size_;
    int64_t end = FloorTo(begin, slide_) + size_;
    return end >= slice_end ? end : INT64_MIN;
  }
  /// The ends of all windows that have the slice, falling.
  void WindowEnds(int64_t slice_end, std::vector<int64_t>& ends) const {
    ends.clear();
    int64_t step = kind_ == sql::WindowKind::kTumble ? size_ : slide_;
    int64_t last = LastWindowEnd(slice_end);
    if (last == INT64_MIN) return;
    for (int64_t end = last; end >= slice_end; end -= step) ends.push_back(end);
  }

 private:
  int64_t FloorTo(int64_t time, int64_t unit) const {
    int64_t rest = (time - offset_) % unit;
    return time - (rest < 0 ? rest + unit : rest);
  }

  sql::WindowKind kind_;
  int64_t size_;
  int64_t slide_;
  int64_t offset_;
  int64_t slice_;
};

/// Where a window operator gets a row's time in milliseconds from: a rowtime column, or the clock
/// for a proctime one.
class WindowClock {
 public:
  /// kNotSupported for TIMESTAMP_LTZ columns when the session's time zone is not UTC.
  static Result<WindowClock> Make(const sql::WindowSpec& spec, const sql::PlanNode& input,
                                  const EvaluationContext& context);
  bool is_proctime() const { return is_proctime_; }
  /// One time a row. `now_ms` is the processing time. A NULL rowtime is an error.
  Status Times(const model::Batch& batch, int64_t now_ms, std::vector<int64_t>& times) const;

 private:
  int column_ = -1;
  bool is_proctime_ = false;
  int64_t units_per_ms_ = 1;
};

/// A column of `rows` equal times given in milliseconds, in the unit of `type`.
model::Column ConstantTime(const model::DataType& type, int64_t time_ms, int rows);
/// Milliseconds in the unit of a timestamp type.
int64_t FromMs(const model::DataType& type, int64_t time_ms);
/// A timestamp cell in milliseconds, rounded down.
int64_t ToMs(int64_t cell, int64_t units_per_ms);
int64_t UnitsPerMs(const model::DataType& type);
/// The value of a window property for the window [start, end).
int64_t PropertyMs(sql::WindowProperty property, int64_t start, int64_t end);

}  // namespace forebay::compute
