#pragma once

#include <optional>

#include "format/batch/batch_filter.h"
#include "model/table.h"
#include "rpc/messages.h"

namespace forebay::serve {

/// The condition a client asks for (org.apache.fluss.rpc.util.PredicateMessageUtils), whose fields
/// are column ids of `schema`; nullopt when it cannot be understood, so that nothing is filtered.
std::optional<format::BatchFilter> FilterOf(const rpc::PbPredicate& predicate,
                                            const model::Schema& schema);

}  // namespace forebay::serve
