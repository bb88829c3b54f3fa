#pragma once

#include <memory>

#include "base/clock.h"
#include "compute/source/lake_part.h"
#include "io/file_system.h"

namespace forebay::lake {
class TieringService;
}

namespace forebay::compute {

/// The lake half of union reads over the Iceberg tables that `tiering` keeps. All arguments outlive
/// the factory.
std::unique_ptr<LakePartFactory> MakeLakeParts(const lake::TieringService& tiering,
                                               io::FileSystem& fs, const Clock& clock);

}  // namespace forebay::compute
