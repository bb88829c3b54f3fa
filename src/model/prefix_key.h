#pragma once

#include <vector>

#include "model/table.h"

namespace forebay::model {

/// The columns, a part of the primary key in its order, by which rows of a bucket can be looked up:
/// partition keys and bucket keys, where the rows' keys begin with the bucket keys (Fluss's prefix
/// lookup). Empty when there are no such.
std::vector<int> PrefixLookupKey(const TableDescriptor& table);

}  // namespace forebay::model
