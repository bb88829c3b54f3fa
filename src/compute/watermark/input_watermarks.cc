#include "compute/watermark/input_watermarks.h"

#include <algorithm>
#include <set>
#include <utility>

namespace forebay::compute {
namespace {

bool IsWithin(const IdleOrigins& part, const IdleOrigins& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

}  // namespace

int InputWatermarks::GroupOf(const IdleOrigins& origins) {
  auto found = std::find_if(groups_.begin(), groups_.end(),
                            [&](const Group& group) { return group.origins == origins; });
  if (found != groups_.end()) return static_cast<int>(found - groups_.begin());
  int added = static_cast<int>(groups_.size());
  groups_.push_back({origins, 0, {added}});
  for (int other = 0; other < added; ++other) {
    if (IsWithin(groups_[other].origins, origins)) groups_[added].within.push_back(other);
    if (IsWithin(origins, groups_[other].origins)) groups_[other].within.push_back(added);
  }
  return added;
}

void InputWatermarks::AddChannel(int input, const IdleOrigins& origins) {
  int group = GroupOf(origins);
  ++groups_[group].active;
  inputs_[input].push_back({group, kMinWatermark, false});
}

void InputWatermarks::Advance(int input, int channel, Watermark watermark) {
  Channel& advanced = inputs_[input][channel];
  if (std::exchange(advanced.idle, false)) ++groups_[advanced.group].active;
  advanced.watermark = std::max(advanced.watermark, watermark);
}

void InputWatermarks::SetIdle(int input, int channel) {
  Channel& idle = inputs_[input][channel];
  if (!std::exchange(idle.idle, true)) --groups_[idle.group].active;
}

bool InputWatermarks::HasSay(const Channel& channel) const {
  const std::vector<int>& within = groups_[channel.group].within;
  return !channel.idle || std::any_of(within.begin(), within.end(),
                                      [this](int group) { return groups_[group].active > 0; });
}

std::optional<Watermark> InputWatermarks::Minimum() const {
  if (groups_.empty()) return kMaxWatermark;
  std::optional<Watermark> minimum;
  for (const std::vector<Channel>& input : inputs_) {
    for (const Channel& channel : input) {
      if (!HasSay(channel)) continue;
      minimum = std::min(minimum.value_or(kMaxWatermark), channel.watermark);
    }
  }
  return minimum;
}

IdleOrigins InputWatermarks::Origins() const {
  std::set<int> origins;
  for (const Group& group : groups_) origins.insert(group.origins.begin(), group.origins.end());
  return {origins.begin(), origins.end()};
}

}  // namespace forebay::compute
