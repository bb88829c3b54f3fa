// The answer of a security token service.

#include "base/check.h"
#include "serve/fluss/sts_request.h"
#include "tests/fuzz/fuzz_target.h"

namespace forebay {

FUZZ_TARGET(sts_answer) {
  auto key = serve::ParseStsAnswer(input);
  if (!key.ok()) return;
  CHECK(key->access_key.size() + key->secret_key.size() + key->token.size() <= input.size() * 3);
}

}  // namespace forebay
