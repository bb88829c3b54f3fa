#include "compute/sink/sink_factory.h"

#include <cstdio>

#include "compute/sink/enforcing_sink.h"
#include "compute/sink/filesystem_sink.h"
#include "compute/sink/immediate_sinks.h"
#include "compute/sink/table_sink.h"
#include "compute/source/format_options.h"
#include "compute/source/source_factory.h"

namespace forebay::compute {

namespace {

void PrintToStderr(std::string_view line) {
  std::string text(line);
  text += '\n';
  // One call a line: stdio's lock keeps lines of several threads whole.
  std::fwrite(text.data(), 1, text.size(), stderr);
}

Result<std::unique_ptr<Sink>> MakeBareSink(const sql::SinkNode& node, const JobContext& context) {
  std::string connector = node.table.connector();
  if (connector == "forebay") return MakeTableSink(node, context);
  if (connector == "print") {
    auto identifier = node.table.options.find("print-identifier");
    ASSIGN_OR_RETURN(bool to_stderr, BoolOption(node.table, "standard-error", false));
    return MakePrintSink(identifier == node.table.options.end() ? "" : identifier->second,
                         to_stderr ? &PrintToStderr : context.environment->print);
  }
  if (connector == "filesystem") return MakeFilesystemSink(node, context);
  if (connector == "blackhole") return MakeBlackholeSink();
  return UnknownConnector(node.table, "written to", {"filesystem", "print", "blackhole"});
}

}  // namespace

Result<std::unique_ptr<Sink>> MakeSink(const sql::SinkNode& node, const JobContext& context) {
  ASSIGN_OR_RETURN(std::unique_ptr<Sink> sink, MakeBareSink(node, context));
  return WithEnforcers(std::move(sink), NotNullEnforcer(node, context.settings),
                       LengthEnforcer(node, context.settings));
}

}  // namespace forebay::compute
