#include "io/block_writer.h"

#include <gtest/gtest.h>

#include <random>

#include "io/faulty_file_system.h"
#include "io/temporary_directory.h"

namespace forebay::io {
namespace {

constexpr size_t kBlock = BlockWriter::kBlockBytes;

class BlockWriterTest : public ::testing::Test {
 protected:
  std::string RandomText(size_t size) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  std::mt19937 random_{5};
  TemporaryDirectory temporary_ = *TemporaryDirectory::Make("forebay-io");
  const std::string directory_ = temporary_.path();
  std::unique_ptr<FileSystem> fs_ = MakePosixFileSystem();
};

TEST_F(BlockWriterTest, FilesHaveWhatWasAppended) {
  for (size_t size :
       {size_t{0}, size_t{1}, kBlock - 1, kBlock, kBlock + 1, 3 * kBlock + 4096, 3 * kBlock + 17}) {
    std::string text = RandomText(size), path = JoinPath(directory_, std::to_string(size));
    BlockWriter writer(*fs_, path);
    for (size_t at = 0; at < size;) {
      size_t piece = 1 + random_() % (3 * kBlock / 2);
      ASSERT_TRUE(writer.Append(std::string_view(text).substr(at, piece)).ok());
      at += piece;
    }
    EXPECT_EQ(writer.buffered_bytes(), size % kBlock);
    EXPECT_EQ(writer.is_open(), size >= kBlock);
    ASSERT_TRUE(writer.Finish().ok());
    EXPECT_FALSE(writer.is_open());
    EXPECT_EQ(ReadFile(*fs_, path).value(), text) << size;
  }
}

TEST_F(BlockWriterTest, ReplacesAFileAndIsDurable) {
  FaultyFileSystem faulty(*fs_);
  std::string path = JoinPath(directory_, "file");
  ASSERT_TRUE(WriteFileAtomically(faulty, path, RandomText(5 * kBlock)).ok());
  std::string text = RandomText(2 * kBlock + 100);
  BlockWriter writer(faulty, path);
  ASSERT_TRUE(writer.Append(text).ok());
  ASSERT_TRUE(writer.Finish().ok());
  ASSERT_TRUE(faulty.LoseUnsynced(random_, false).ok());
  EXPECT_EQ(ReadFile(faulty, path).value(), text);
}

TEST_F(BlockWriterTest, FailuresAreTold) {
  FaultyFileSystem faulty(*fs_);
  faulty.FailWritesAfter(kBlock + 10);
  BlockWriter writer(faulty, JoinPath(directory_, "full"));
  ASSERT_TRUE(writer.Append(std::string(kBlock + 20, 'x')).ok());
  EXPECT_FALSE(writer.Finish().ok());
  faulty.FailWritesAfter(-1);
  faulty.FailSyncs(true);
  BlockWriter unsynced(faulty, JoinPath(directory_, "unsynced"));
  ASSERT_TRUE(unsynced.Append("x").ok());
  EXPECT_FALSE(unsynced.Finish().ok());
  EXPECT_FALSE(BlockWriter(*fs_, JoinPath(directory_, "none/file")).Finish().ok());
}

}  // namespace
}  // namespace forebay::io
