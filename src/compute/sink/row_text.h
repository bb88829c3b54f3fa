#pragma once

#include <string>

#include "model/batch.h"

namespace forebay::compute {

/// Appends row `row` as Flink's print connector shows it: `+I[1, abc, null]`. Values look as Java's
/// toString of Flink's external types does: 2024-01-01T00:00 for timestamps, [1, 2] for arrays and
/// bytes, {k=v} for maps.
void AppendRowText(const model::Batch& batch, int row, std::string& out);

}  // namespace forebay::compute
