#include "compute/sink/sink_factory.h"

#include "compute/sink/filesystem_sink.h"
#include "compute/sink/immediate_sinks.h"
#include "compute/sink/table_sink.h"

namespace forebay::compute {

Result<std::unique_ptr<Sink>> MakeSink(const sql::SinkNode& node, const JobContext& context) {
  std::string connector = node.table.connector();
  if (connector == "forebay") return MakeTableSink(node, context);
  if (connector == "print") {
    auto identifier = node.table.options.find("print-identifier");
    return MakePrintSink(identifier == node.table.options.end() ? "" : identifier->second,
                         context.environment->print);
  }
  if (connector == "filesystem") return MakeFilesystemSink(node, context);
  if (connector == "blackhole") return MakeBlackholeSink();
  return NotSupported("connector '{}' of {} cannot be written to", connector,
                      node.table.path.ToString());
}

}  // namespace forebay::compute
