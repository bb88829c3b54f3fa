#pragma once

#include <functional>
#include <string_view>

#include "compute/sink/collect_queue.h"
#include "compute/sink/sink.h"

namespace forebay::compute {

/// Rows as lines of text (row_text.h). `print` takes whole lines and is thread-safe; null: stdout.
std::unique_ptr<Sink> MakePrintSink(std::string identifier,
                                    std::function<void(std::string_view)> print);
std::unique_ptr<Sink> MakeBlackholeSink();
/// The end of a query: rows go to `queue`, which must outlive the sink.
std::unique_ptr<Sink> MakeCollectSink(CollectQueue& queue);

}  // namespace forebay::compute
