// The first byte chooses a kind of file, the rest is the file.

#include "lake/avro/avro_codec.h"
#include "lake/iceberg/manifest.h"
#include "lake/iceberg/table_metadata.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(iceberg) {
  if (input.empty()) return;
  auto choice = static_cast<uint8_t>(input[0]);
  input.remove_prefix(1);
  switch (choice % 4) {
    case 0: (void)lake::ReadAvroFile(input); break;
    case 1: (void)lake::ReadManifest(input); break;
    case 2: (void)lake::ReadManifestList(input); break;
    default: (void)lake::TableMetadata::Parse(input); break;
  }
}

}  // namespace forebay
