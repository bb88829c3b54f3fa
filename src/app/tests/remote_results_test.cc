#include "app/remote/remote_results.h"

#include <gtest/gtest.h>

namespace forebay::app {
namespace {

/// Keeps what is shown.
struct Shown {
  RemoteResults::Output Output() {
    RemoteResults::Output output;
    output.json = true;
    output.line = [this](const std::string& line) { lines.push_back(line); };
    output.error = [this](const Error& error, std::string_view) { errors.push_back(error.kind); };
    return output;
  }
  std::vector<std::string> lines;
  std::vector<ErrorKind> errors;
};

constexpr std::string_view kHead =
    R"({"statement":1,"columns":[{"name":"a","type":"INT"}],"changelog":false})";

TEST(RemoteResultsTest, RowsOfSeveralLinesAreOneResult) {
  Shown shown;
  RemoteResults results(shown.Output());
  for (std::string_view line : {kHead, std::string_view(R"({"statement":1,"rows":[[1]]})"),
                                std::string_view(R"({"statement":1,"rows":[[2],[null]]})"),
                                std::string_view(R"({"statement":1,"end":true})")}) {
    results.Add(line);
  }
  EXPECT_TRUE(results.all_succeeded());
  EXPECT_EQ(
      shown.lines,
      std::vector<std::string>{
          R"({"statement":1,"columns":[{"name":"a","type":"INT"}],"rows":[[1],[2],[null]]})"});
}

TEST(RemoteResultsTest, ADamagedLineIsAnError) {
  for (std::string_view line : {kHead.substr(0, 30), std::string_view(R"({"error":7})"),
                                std::string_view(R"({"message":[1]})")}) {
    Shown shown;
    RemoteResults::Output output = shown.Output();
    output.message = [](const std::string&) {};
    RemoteResults results(std::move(output));
    results.Add(line);
    EXPECT_EQ(shown.errors, std::vector<ErrorKind>{ErrorKind::kCorruption}) << line;
    EXPECT_FALSE(results.all_succeeded());
  }
}

}  // namespace
}  // namespace forebay::app
