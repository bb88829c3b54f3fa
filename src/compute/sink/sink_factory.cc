#include "compute/sink/sink_factory.h"

#include "compute/sink/filesystem_sink.h"
#include "compute/sink/immediate_sinks.h"
#include "compute/sink/not_null_enforcer.h"
#include "compute/sink/table_sink.h"
#include "compute/source/source_factory.h"

namespace forebay::compute {

namespace {

Result<std::unique_ptr<Sink>> MakeBareSink(const sql::SinkNode& node, const JobContext& context) {
  std::string connector = node.table.connector();
  if (connector == "forebay") return MakeTableSink(node, context);
  if (connector == "print") {
    auto identifier = node.table.options.find("print-identifier");
    return MakePrintSink(identifier == node.table.options.end() ? "" : identifier->second,
                         context.environment->print);
  }
  if (connector == "filesystem") return MakeFilesystemSink(node, context);
  if (connector == "blackhole") return MakeBlackholeSink();
  return UnknownConnector(node.table, "written to", {"filesystem", "print", "blackhole"});
}

}  // namespace

Result<std::unique_ptr<Sink>> MakeSink(const sql::SinkNode& node, const JobContext& context) {
  ASSIGN_OR_RETURN(std::unique_ptr<Sink> sink, MakeBareSink(node, context));
  return WithNotNullEnforcer(std::move(sink), NotNullEnforcer(node, context.settings));
}

}  // namespace forebay::compute
