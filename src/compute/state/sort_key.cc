#include "compute/state/sort_key.h"

#include <bit>
#include <cmath>
#include <limits>

namespace forebay::compute {

namespace {

template <typename U>
void AppendBigEndian(U bits, std::string& key) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(bits >> shift & 0xff));
  }
}

template <typename T>
void AppendValue(const T& value, std::string& key) {
  if constexpr (std::is_same_v<T, model::StringRef>) {
    for (char c : value.view()) {
      key.push_back(c);
      if (c == 0) key.push_back(static_cast<char>(0xff));
    }
    key.append(2, '\0');
  } else if constexpr (std::is_floating_point_v<T>) {
    using U = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    T normal = value == 0 ? T{0} : std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value;
    U bits = std::bit_cast<U>(normal);
    constexpr U kSign = U{1} << (sizeof(U) * 8 - 1);
    AppendBigEndian<U>((bits & kSign) != 0 ? ~bits : bits | kSign, key);
  } else {
    using U = std::conditional_t<
        sizeof(T) == 1, uint8_t,
        std::conditional_t<
            sizeof(T) == 2, uint16_t,
            std::conditional_t<sizeof(T) == 4, uint32_t,
                               std::conditional_t<sizeof(T) == 8, uint64_t, unsigned __int128>>>>;
    constexpr U kSign = static_cast<U>(U{1} << (sizeof(U) * 8 - 1));
    AppendBigEndian<U>(static_cast<U>(static_cast<U>(value) ^ kSign), key);
  }
}

}  // namespace

Status SortKeyCodec::Check(const std::vector<model::DataType>& types) const {
  for (const sql::SortKey& key : order_) {
    if (model::PhysicalSize(types[key.column].physical()) == 0) {
      return NotSupported("ordering by a column of type {}", types[key.column].ToString());
    }
  }
  return Status::Ok();
}

void SortKeyCodec::Encode(const model::Batch& batch, int row, std::string& key) const {
  key.clear();
  for (const sql::SortKey& sort : order_) {
    const model::Column& column = batch.columns[sort.column];
    if (column.IsNull(row)) {
      key.push_back(sort.nulls_first ? 0 : 2);
      continue;
    }
    key.push_back(1);
    size_t begin = key.size();
    model::DispatchPhysical(column.physical(),
                            [&]<typename T>(T*) { AppendValue<T>(column.Get<T>(row), key); });
    if (!sort.descending) continue;
    for (size_t i = begin; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
  }
}

}  // namespace forebay::compute
