#include "base/time_zone.h"

#include <date/tz.h>

#include <charconv>
#include <limits>

namespace forebay {

namespace {

class FixedZone : public TimeZone {
 public:
  explicit FixedZone(int64_t offset) : offset_(offset) {}

 protected:
  Period PeriodAt(int64_t) const override {
    return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(), offset_};
  }

 private:
  int64_t offset_;
};

class NamedZone : public TimeZone {
 public:
  explicit NamedZone(const date::time_zone* zone) : zone_(zone) {}

 protected:
  Period PeriodAt(int64_t utc_seconds) const override {
    date::sys_info info = zone_->get_info(date::sys_seconds(std::chrono::seconds(utc_seconds)));
    return {info.begin.time_since_epoch().count(), info.end.time_since_epoch().count(),
            info.offset.count()};
  }

 private:
  const date::time_zone* zone_;
};

/// "+08:00", "-5", "+0530" after an optional GMT or UTC.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text.starts_with("GMT") || text.starts_with("UTC")) text.remove_prefix(3);
  if (text.empty() || text == "Z") return 0;
  if (text[0] != '+' && text[0] != '-') return std::nullopt;
  int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  size_t colon = text.find(':');
  std::string_view hours = text.substr(0, colon == std::string_view::npos ? 2 : colon);
  std::string_view minutes =
      colon == std::string_view::npos ? text.substr(hours.size()) : text.substr(colon + 1);
  int hour = 0, minute = 0;
  auto parse = [](std::string_view digits, int& value) {
    auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return end.ec == std::errc() && end.ptr == digits.data() + digits.size();
  };
  if (!parse(hours, hour) || (!minutes.empty() && !parse(minutes, minute))) return std::nullopt;
  if (hour > 18 || minute > 59 || hour < 0 || minute < 0) return std::nullopt;
  return sign * (hour * 3600 + minute * 60);
}

}  // namespace

Result<std::shared_ptr<TimeZone>> TimeZone::Find(std::string_view name) {
  if (std::optional<int64_t> offset = ParseOffset(name)) {
    return std::make_shared<FixedZone>(*offset);
  }
  try {
    return std::make_shared<NamedZone>(date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return InvalidArgument("unknown time zone: {}", name);
  }
}

int64_t TimeZone::OffsetAt(int64_t utc_seconds) {
  if (utc_seconds < last_.begin || utc_seconds >= last_.end) last_ = PeriodAt(utc_seconds);
  return last_.offset;
}

int64_t TimeZone::OffsetOfLocal(int64_t local_seconds) {
  // No offset is over a day, so these two moments enclose the wanted one.
  constexpr int64_t kDay = 86'400;
  int64_t before = OffsetAt(local_seconds - kDay);
  int64_t after = OffsetAt(local_seconds + kDay);
  if (before == after || OffsetAt(local_seconds - before) == before) return before;
  // In a gap neither is right; the offset before it moves the time on.
  return OffsetAt(local_seconds - after) == after ? after : before;
}

}  // namespace forebay
