#pragma once

#include <string>
#include <type_traits>

#include "base/bytes.h"
#include "compute/state/row_codec.h"
#include "compute/state/state_allocator.h"
#include "model/column.h"

namespace forebay::compute {

/// An ARRAY, MAP or ROW outside of columns: the bytes that WriteCell makes of it. Equal cells have
/// equal bytes.
struct NestedCell {
  StateString bytes;
  friend bool operator==(const NestedCell&, const NestedCell&) = default;
};

/// How a cell of C++ type T is kept outside of columns: strings as StateString, the others as they
/// are.
template <typename T>
using StoredValue = std::conditional_t<std::is_same_v<T, model::StringRef>, StateString, T>;

template <typename T>
StoredValue<T> LoadValue(const model::Column& column, int row) {
  if constexpr (std::is_same_v<T, model::StringRef>) {
    return StateString(column.GetString(row));
  } else if constexpr (std::is_same_v<T, NestedCell>) {
    ByteWriter writer;
    WriteCell(column, row, writer);
    return {StateString(writer.view())};
  } else {
    return column.Get<T>(row);
  }
}

/// What WriteCell wrote; NULL if it is anything else.
inline void AppendCell(std::string_view bytes, model::ColumnBuilder& builder) {
  ByteReader reader(bytes);
  if (!ReadCell(reader, builder).ok()) builder.AppendNull();
}

template <typename V>
void AppendStored(const V& value, model::ColumnBuilder& builder) {
  if constexpr (std::is_same_v<V, StateString>) {
    builder.AppendString(value);
  } else if constexpr (std::is_same_v<V, NestedCell>) {
    AppendCell(value.bytes, builder);
  } else {
    builder.Append<V>(value);
  }
}

template <typename V>
void WriteStored(const V& value, ByteWriter& writer) {
  if constexpr (std::is_same_v<V, StateString>) {
    writer.WriteString(value);
  } else if constexpr (std::is_same_v<V, NestedCell>) {
    writer.WriteString(value.bytes);
  } else {
    writer.Write<V>(value);
  }
}

template <typename V>
Result<V> ReadStored(ByteReader& reader) {
  if constexpr (std::is_same_v<V, StateString>) {
    ASSIGN_OR_RETURN(std::string_view text, reader.ReadString());
    return StateString(text);
  } else if constexpr (std::is_same_v<V, NestedCell>) {
    ASSIGN_OR_RETURN(std::string_view bytes, reader.ReadString());
    return NestedCell{StateString(bytes)};
  } else {
    return reader.Read<V>();
  }
}

/// Mixes any stored value for std::unordered_map; 128-bit integers have no std::hash.
template <typename V>
struct StoredHash {
  size_t operator()(const V& value) const {
    if constexpr (sizeof(V) == 16 && std::is_trivially_copyable_v<V>) {
      return std::hash<uint64_t>()(static_cast<uint64_t>(value)) * 31 +
             static_cast<uint64_t>(value >> 64);
    } else if constexpr (std::is_same_v<V, StateString>) {
      return std::hash<std::string_view>()(value);
    } else if constexpr (std::is_same_v<V, NestedCell>) {
      return std::hash<std::string_view>()(value.bytes);
    } else {
      return std::hash<V>()(value);
    }
  }
};

}  // namespace forebay::compute
