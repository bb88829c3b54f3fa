#pragma once

#include <string>

#include "base/result.h"

namespace forebay::compute {

/// A record that could not be read, or a row that could not be computed.
struct BadRecord {
  std::string bytes;     ///< as it stands in the file; a row as JSON
  std::string reason;    ///< "row 3, column 'price': 'abc' is not a DECIMAL(10, 2)"
  std::string position;  ///< where the source has it: "/data/a.json line 3"; empty: not known
};

/// Takes bad records; an error ends the reading.
class BadRecords {
 public:
  virtual ~BadRecords() = default;
  virtual Status Take(BadRecord record) = 0;
};

}  // namespace forebay::compute
