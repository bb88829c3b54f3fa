// Runs the targets in any build, without libFuzzer:
//   fuzz_replay CORPUS_FOLDER                             every target over every file of its
//   corpus:
//                                                         what once failed stays mended
//   fuzz_replay CORPUS_FOLDER TARGET SECONDS SEED FILE    one target over inputs made from these;
//   FILE
//                                                         has the one that is tried: its size in
//                                                         eight bytes, and its bytes

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutator.h"

namespace forebay::fuzz {

namespace {

std::map<std::string, Target, std::less<>>& Targets() {
  static std::map<std::string, Target, std::less<>> targets;
  return targets;
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::filesystem::path> FilesIn(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return {};
  std::filesystem::directory_iterator begin(folder);
  std::vector<std::filesystem::path> files(begin, {});
  std::sort(files.begin(), files.end());
  return files;
}

int ReplayAll(const std::filesystem::path& corpus) {
  int without_corpus = 0;
  for (const auto& [name, target] : Targets()) {
    auto files = FilesIn(corpus / name);
    for (const auto& file : files) {
      // Names the input before it can crash.
      std::fprintf(stderr, "%s\n", file.c_str());
      target(Read(file));
    }
    std::printf("%-16s %zu inputs\n", name.c_str(), files.size());
    without_corpus += files.empty() ? 1 : 0;
  }
  if (without_corpus > 0) std::printf("%d targets have no corpus\n", without_corpus);
  return without_corpus == 0 ? 0 : 1;
}

/// A file in which the input that is tried outlives the process, however that ends.
class TriedInput {
 public:
  explicit TriedInput(const char* path) {
    int file = ::open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || ::ftruncate(file, kBytes) != 0) std::perror(path), std::exit(2);
    void* begin = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (begin == MAP_FAILED) std::perror(path), std::exit(2);
    ::close(file);
    begin_ = static_cast<char*>(begin);
  }
  void Put(std::string_view input) {
    uint64_t size = input.size();
    std::memcpy(begin_, &size, sizeof(size));
    std::memcpy(begin_ + sizeof(size), input.data(), input.size());
  }

 private:
  static constexpr size_t kBytes = 64 << 10;
  char* begin_;
};

int TryMade(const std::filesystem::path& folder, Target target, int seconds, uint64_t seed,
            TriedInput tried) {
  std::vector<std::string> inputs;
  for (const auto& file : FilesIn(folder)) inputs.push_back(Read(file));
  if (inputs.empty()) {
    std::fprintf(stderr, "%s has no inputs\n", folder.c_str());
    return 2;
  }
  Mutator mutator(std::move(inputs), seed);
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  int64_t count = 0;
  for (; std::chrono::steady_clock::now() < end; ++count) {
    const std::string& input = mutator.Next();
    tried.Put(input);
    // A copy of its own size: the sanitizer sees what lies behind it.
    target(std::string_view(std::vector<char>(input.begin(), input.end()).data(), input.size()));
  }
  std::printf("%lld\n", static_cast<long long>(count));
  return 0;
}

}  // namespace

Registration::Registration(std::string_view name, Target target) {
  Targets().emplace(name, target);
}

int Main(int argc, char** argv) {
  if (argc == 2) return ReplayAll(argv[1]);
  auto target = argc == 6 ? Targets().find(std::string_view(argv[2])) : Targets().end();
  if (target == Targets().end()) {
    std::fprintf(stderr, "usage: fuzz_replay CORPUS_FOLDER [TARGET SECONDS SEED FILE]\n");
    for (const auto& [name, _] : Targets()) std::printf("%s\n", name.c_str());
    return 2;
  }
  return TryMade(std::filesystem::path(argv[1]) / target->first, target->second, std::atoi(argv[3]),
                 std::strtoull(argv[4], nullptr, 10), TriedInput(argv[5]));
}

}  // namespace forebay::fuzz

int main(int argc, char** argv) { return forebay::fuzz::Main(argc, argv); }
