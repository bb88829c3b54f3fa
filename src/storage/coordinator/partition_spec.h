#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/table.h"

namespace forebay::storage {

/// What may be a partition key: its columns, their types, and how they go with the other keys
/// (TableDescriptor and TableDescriptorValidation of Fluss).
Status ValidatePartitionKeys(const model::TableDescriptor& table);

/// Whether the lake can be partitioned by the keys. kNotSupported.
Status ValidateLakePartitionKeys(const model::TableDescriptor& table);

/// The values of a whole spec in the keys' order. kInvalidArgument when keys are missing or too
/// many, or a value could not be one (PartitionUtils.validatePartitionSpec of Fluss). `is_new`:
/// also refuses names that are kept for the server.
Result<std::vector<std::string>> ResolvePartitionSpec(const model::TableInfo& table,
                                                      const model::PartitionSpec& spec,
                                                      bool is_new);
Status ValidatePartitionValues(const std::vector<std::string>& values, bool is_new);

/// "a=1/b=2", for people.
std::string QualifiedPartitionName(const model::TableDescriptor& table,
                                   const std::vector<std::string>& values);

}  // namespace forebay::storage
