#pragma once

#include <string>

#include "base/result.h"

namespace forebay::serve {

/// What SET keeps.
struct CheckedSetting {
  std::string value;
  std::string warning;  ///< for people, when the setting has no effect; else empty
};

/// Whether `value` is one that the setting `key` may have: kInvalidArgument or kNotSupported if
/// not. As in Flink, a key that nobody knows is kept, here with a warning.
Result<CheckedSetting> CheckSetting(const std::string& key, const std::string& value);

}  // namespace forebay::serve
