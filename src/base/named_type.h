#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace forebay {

/// A value of type T that cannot be mistaken for another one: `using TableId = NamedType<int64_t,
/// struct TableIdTag>`.
template <typename T, typename Tag>
class NamedType {
 public:
  constexpr NamedType() = default;
  constexpr explicit NamedType(T value) : value_(value) {}
  constexpr T value() const { return value_; }
  friend constexpr auto operator<=>(const NamedType&, const NamedType&) = default;
  friend constexpr bool operator==(const NamedType&, const NamedType&) = default;

 private:
  T value_{};
};

}  // namespace forebay

template <typename T, typename Tag>
struct std::hash<forebay::NamedType<T, Tag>> {
  size_t operator()(const forebay::NamedType<T, Tag>& id) const {
    return std::hash<T>()(id.value());
  }
};
