#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compute/operator/operator.h"

namespace forebay::compute {

/// The watermark of several parallel parts (channels of an input, splits of a source): the smallest
/// of those that still have a say. Thread-compatible.
class SplitWatermarks {
 public:
  explicit SplitWatermarks(int count = 0) : parts_(count) {}

  int size() const { return static_cast<int>(parts_.size()); }
  /// Also ends the part's idleness. Watermarks never fall.
  void Advance(int part, Watermark watermark) {
    parts_[part].idle = false;
    if (watermark > parts_[part].watermark) parts_[part].watermark = watermark;
  }
  /// One more, which has no say before it advances.
  void AddIdle() { parts_.push_back({kMinWatermark, true}); }
  void SetIdle(int part, bool idle) { parts_[part].idle = idle; }
  Watermark Of(int part) const { return parts_[part].watermark; }

  /// The smallest over the parts that are not idle; nullopt when all are idle. Without parts: the
  /// end of time.
  std::optional<Watermark> Minimum() const {
    if (parts_.empty()) return kMaxWatermark;
    std::optional<Watermark> minimum;
    for (const Part& part : parts_) {
      if (!part.idle && (!minimum.has_value() || part.watermark < *minimum)) {
        minimum = part.watermark;
      }
    }
    return minimum;
  }

 private:
  struct Part {
    Watermark watermark = kMinWatermark;
    bool idle = false;
  };
  std::vector<Part> parts_;
};

}  // namespace forebay::compute
