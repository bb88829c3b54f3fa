#include "io/block_writer.h"

#include <algorithm>
#include <cstring>

namespace forebay::io {

static_assert(BlockWriter::kBlockBytes % kDirectAlignment == 0);

Status BlockWriter::Append(std::string_view bytes) {
  if (block_ == nullptr) block_ = std::make_unique_for_overwrite<Block>();
  while (!bytes.empty()) {
    size_t taken = std::min(bytes.size(), kBlockBytes - used_);
    std::memcpy(block_->bytes + used_, bytes.data(), taken);
    used_ += taken;
    bytes.remove_prefix(taken);
    if (used_ == kBlockBytes) RETURN_IF_ERROR(Write());
  }
  return {};
}

Status BlockWriter::Finish() {
  RETURN_IF_ERROR(Write());
  Status synced = file_->Sync();
  file_.reset();
  return synced;
}

Status BlockWriter::Write() {
  if (file_ == nullptr) {
    ASSIGN_OR_RETURN(file_, fs_.Open(path_, OpenMode::kDirect));
  }
  if (used_ > 0) RETURN_IF_ERROR(file_->Append(std::string_view(block_->bytes, used_)));
  used_ = 0;
  return {};
}

}  // namespace forebay::io
