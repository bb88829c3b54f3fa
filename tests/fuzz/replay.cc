// Runs every target over every file of its corpus: usage: fuzz_replay CORPUS_FOLDER
// What once crashed stays fixed, in any build and without libFuzzer.

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "tests/fuzz/fuzz_target.h"

namespace forebay::fuzz {

namespace {

std::map<std::string, Target, std::less<>>& Targets() {
  static std::map<std::string, Target, std::less<>> targets;
  return targets;
}

/// How many files there were.
int Replay(Target target, const std::filesystem::path& folder) {
  int count = 0;
  if (!std::filesystem::is_directory(folder)) return 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream stream(file.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(stream), {});
    // Names the input before it can crash.
    std::fprintf(stderr, "%s\n", file.path().c_str());
    target(bytes);
    ++count;
  }
  return count;
}

}  // namespace

Registration::Registration(std::string_view name, Target target) {
  Targets().emplace(name, target);
}

}  // namespace forebay::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_replay CORPUS_FOLDER\n");
    return 2;
  }
  int failed = 0;
  for (const auto& [name, target] : forebay::fuzz::Targets()) {
    int count = forebay::fuzz::Replay(target, std::filesystem::path(argv[1]) / name);
    std::printf("%-16s %d inputs\n", name.c_str(), count);
    failed += count == 0 ? 1 : 0;
  }
  if (failed > 0) std::printf("%d targets have no corpus\n", failed);
  return failed == 0 ? 0 : 1;
}
