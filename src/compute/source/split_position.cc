#include "compute/source/split_position.h"

#include <sstream>

namespace forebay::compute {

std::string SplitPosition::ToString() const {
  switch (phase) {
    case Phase::kLake:
      return fmt::format("lake {} then {} end {} of {}", lake_rows, offset, end, lake_snapshot);
    case Phase::kSnapshot: return fmt::format("snapshot {} end {}", offset, end);
    case Phase::kLog: return fmt::format("log {} end {}", offset, end);
  }
  return "";
}

Result<SplitPosition> SplitPosition::Parse(std::string_view text) {
  std::istringstream in{std::string(text)};
  SplitPosition position;
  std::string phase, word;
  in >> phase;
  if (phase == "lake") {
    position.phase = Phase::kLake;
    in >> position.lake_rows >> word >> position.offset >> word >> position.end >> word;
    in.get();
    std::getline(in, position.lake_snapshot, '\0');
    if (in.bad() || word != "of") return Corruption("split position '{}'", text);
    return position;
  }
  if (phase != "log" && phase != "snapshot") return Corruption("split position '{}'", text);
  position.phase = phase == "log" ? Phase::kLog : Phase::kSnapshot;
  in >> position.offset >> word >> position.end;
  if (in.fail() || word != "end") return Corruption("split position '{}'", text);
  return position;
}

}  // namespace forebay::compute
