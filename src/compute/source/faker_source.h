#pragma once

#include "compute/runtime/environment.h"
#include "compute/source/source.h"

namespace forebay::compute {

/// Realistic made-up rows, after flink-faker: each column has 'fields.<column>.expression'
/// (faker_expression.h), and of its options 'fields.<column>.null-rate', 'fields.<column>.length'
/// (elements of an ARRAY), 'rows-per-second' and 'number-of-rows'.
Result<std::unique_ptr<Source>> MakeFakerSource(const sql::TableScanNode& node,
                                                const JobContext& context);

}  // namespace forebay::compute
