#pragma once

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// Whether a table's options and schema agree on how its rows change: merge engine, aggregate
/// functions, deletes, auto-increment columns; as Fluss's TableDescriptorValidation.
Status ValidateRowRules(const model::TableDescriptor& table);

/// What Fluss's coordinator adds to a new table of this kind, so that clients see it.
void AddRowDefaults(model::TableDescriptor& table);

}  // namespace forebay::storage
