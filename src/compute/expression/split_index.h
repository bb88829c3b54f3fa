#pragma once

#include <string>
#include <vector>

#include "compute/expression/kernel.h"

namespace forebay::compute {

/// Cuts texts for all calls of SPLIT_INDEX that have one text and one separator: each text is
/// looked through once, up to the last piece that a call wants. Belongs to one thread at a time.
class PieceCutter {
 public:
  /// An empty separator is a blank, as in commons-lang.
  explicit PieceCutter(std::string_view separator)
      : separator_(separator.empty() ? " " : separator) {}

  /// The child of Cut's ROW that has piece `index` >= 0. Not after the first Cut.
  int Want(int32_t index);
  /// A ROW of the wanted pieces of every text, NULL where there are fewer.
  model::Column Cut(int num_rows, const Operand& text);

 private:
  void CutRow(std::string_view text, int row, std::vector<model::ColumnBuilder>& pieces);

  const std::string separator_;
  std::vector<int32_t> wanted_;
  size_t last_ = 0;  ///< of the wanted ones
  std::vector<uint32_t> places_;
};

}  // namespace forebay::compute
