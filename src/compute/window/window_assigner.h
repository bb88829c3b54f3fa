#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "base/time_zone.h"
#include "compute/expression/evaluator.h"
#include "sql/plan/plan.h"

namespace forebay::compute {

/// [start, end) in local milliseconds.
struct TimeWindow {
  int64_t start;
  int64_t end;
};

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
  /// Windows over TIMESTAMP_LTZ and processing time are cut in the session's time zone.
  static Result<WindowClock> Make(const sql::WindowSpec& spec, const sql::PlanNode& input,
                                  const EvaluationContext& context);
  /// Only tells the local time of the session's zone.
  static Result<WindowClock> OfZone(const EvaluationContext& context);
  bool is_proctime() const { return is_proctime_; }
  /// A moment (a watermark, the processing time) in the time that windows are cut in.
  int64_t Local(int64_t time_ms) const;
  /// The value of a window property for the local window [start, end), in the unit of `type`.
  int64_t Property(sql::WindowProperty property, const model::DataType& type, int64_t start,
                   int64_t end) const;
  /// One local time a row. `now_ms` is the local processing time. A NULL rowtime is an error.
  Status Times(const model::Batch& batch, int64_t now_ms, std::vector<int64_t>& times) const;

 private:
  int column_ = -1;
  bool is_proctime_ = false;
  int64_t units_per_ms_ = 1;
  bool is_instant_ = false;         ///< the column holds moments, not local times
  std::shared_ptr<TimeZone> zone_;  ///< null: local time is UTC
};

/// Puts the three columns of window table functions behind those of `batch`, which has a row for
/// every window; `types`: of all columns.
void AppendWindowColumns(const WindowClock& clock, std::span<const TimeWindow> windows,
                         std::span<const model::DataType> types, model::Batch& batch);

/// Whether event time below `node` is TIMESTAMP_LTZ, so that windows are local to a zone.
bool HasInstantRowtime(const sql::PlanNode& node);

/// A column of `rows` equal cells.
model::Column ConstantTime(const model::DataType& type, int64_t cell, int rows);
/// Milliseconds in the unit of a timestamp type.
int64_t FromMs(const model::DataType& type, int64_t time_ms);
/// A timestamp cell in milliseconds, rounded down.
int64_t ToMs(int64_t cell, int64_t units_per_ms);
int64_t UnitsPerMs(const model::DataType& type);

}  // namespace forebay::compute
