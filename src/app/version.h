#pragma once

namespace forebay::app {

/// The program's version, from the build.
inline constexpr const char* kVersion = FOREBAY_VERSION;

}  // namespace forebay::app
