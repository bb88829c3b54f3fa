#include "client/key_scans.h"

#include <algorithm>
#include <numeric>

namespace forebay::client {

PrefixLookuper::Rows PrefixLookuper::Rows::InOrder(const model::Batch& rows,
                                                   std::vector<int> key_of_row) {
  std::vector<uint32_t> order(key_of_row.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return key_of_row[a] < key_of_row[b]; });
  Rows sorted;
  sorted.rows = rows.Gather(order);
  std::sort(key_of_row.begin(), key_of_row.end());
  sorted.key_of_row = std::move(key_of_row);
  return sorted;
}

}  // namespace forebay::client
