#pragma once

namespace forebay::app {

/// examples/ecommerce.sql, put into the program by the build.
extern const char* const kEcommerceScript;

}  // namespace forebay::app
