#include "compute/python/python_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "compute/aggregate/accumulator.h"
#include "compute/tests/operator_fixture.h"
#include "sql/plan/python_call.h"

namespace forebay::compute {
namespace {

using model::Column;
using model::DataType;
using testing::HasSubstr;

constexpr const char* kModule = R"py(
import os, time
from forebay.udf import AggregateFunction, DataTypes, udaf, udf, udtf

@udf(result_type=DataTypes.BIGINT())
def add(a, b):
    return None if a is None else a + b

@udf(input_types=["BIGINT"], result_type="ROW<n BIGINT, t STRING>", deterministic=False)
def row(n):
    return n, str(n)

@udtf(result_types=["BIGINT"])
def count(n):
    return range(n)

class Total(AggregateFunction):
    def create_accumulator(self): return {"sum": 0}
    def accumulate(self, state, n): state["sum"] += n
    def retract(self, state, n): state["sum"] -= n
    def merge(self, state, others):
        for other in others: state["sum"] += other["sum"]
    def get_value(self, state): return state["sum"]

total = udaf(Total(), result_type=DataTypes.BIGINT())

@udf(result_type="BIGINT")
def fails(n): raise ValueError("on purpose")

@udf(result_type="BIGINT")
def exits(n): os._exit(7)

@udf(result_type="BIGINT")
def sleeps(n): time.sleep(1000)

@udf(result_type="STRING")
def secret(n): return os.environ.get("AWS_SECRET_ACCESS_KEY", "unknown")
)py";

/// The Python of the tests, which has pyarrow.
std::string Python() {
  const char* prefix = std::getenv("FOREBAY_DEPS");
  const char* home = std::getenv("HOME");
  std::string deps = prefix != nullptr
                         ? prefix
                         : std::string(home == nullptr ? "" : home) + "/.cache/forebay/deps";
  return deps + "/python/bin/python";
}

class PythonFunctionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(Python())) GTEST_SKIP() << "no " << Python() << ": make deps";
    folder_ = testing::TempDir() + "python_function_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/things.py") << kModule;
    settings_ = {{"python.executable", Python()}, {"python.files", folder_}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Spec(const std::string& name) {
    std::string spec = "{\"function\":\"things." + name + "\"";
    for (const auto& [key, value] : settings_) spec += ",\"" + key + "\":\"" + value + "\"";
    return spec + "}";
  }
  std::unique_ptr<PythonFunction> Make(const std::string& name, std::vector<DataType> arguments,
                                       DataType result = DataType::Bigint()) {
    auto made = PythonFunction::Make(Spec(name), std::move(arguments), std::move(result), runtime_);
    EXPECT_TRUE(made.ok()) << made.message();
    return std::move(made).value();
  }
  static Column Numbers(const std::vector<std::optional<int64_t>>& values) {
    model::ColumnBuilder builder(DataType::Bigint());
    for (auto value : values) value ? builder.Append<int64_t>(*value) : builder.AppendNull();
    return builder.Finish();
  }

  std::string folder_;
  std::map<std::string, std::string> settings_;
  std::shared_ptr<PythonRuntime> runtime_ = std::make_shared<PythonRuntime>();
};

TEST_F(PythonFunctionTest, ScalarAndTableFunctionsShareAProcess) {
  auto add = Make("add", {DataType::Bigint(), DataType::Bigint()});
  Column arguments[] = {Numbers({1, std::nullopt, 3}), Numbers({10, 20, 30})};
  auto sums = add->Scalar(arguments, 3);
  ASSERT_TRUE(sums.ok()) << sums.message();
  EXPECT_EQ(sums->Get<int64_t>(0), 11);
  EXPECT_TRUE(sums->IsNull(1));
  EXPECT_EQ(sums->Get<int64_t>(2), 33);
  DataType rows = DataType::Array(DataType::Row({{"f0", DataType::Bigint()}}).NotNull());
  auto count = Make("count", {DataType::Bigint()}, rows);
  auto counted = count->Table({arguments + 1, 1}, 3);
  ASSERT_TRUE(counted.ok()) << counted.message();
  EXPECT_EQ(counted->offsets()[3], 60);
  EXPECT_EQ(counted->children()[0].children()[0].Get<int64_t>(12), 2);
}

TEST_F(PythonFunctionTest, DeclaresItsTypes) {
  sql::CatalogFunction function;
  function.language = "PYTHON";
  function.class_name = "things.row";
  Status described = DescribePythonFunction(settings_, function);
  ASSERT_TRUE(described.ok()) << described.message();
  EXPECT_EQ(function.kind, sql::FunctionKind::kScalar);
  EXPECT_FALSE(function.deterministic);
  EXPECT_EQ(function.returns->ToString(), "ROW<`n` BIGINT, `t` STRING>");
  ASSERT_EQ(function.parameters.size(), 1U);
  EXPECT_EQ(function.parameters[0].type.ToString(), "BIGINT");
  sql::CatalogFunction missing;
  missing.class_name = "things.nothing";
  EXPECT_THAT(DescribePythonFunction(settings_, missing).message(), HasSubstr("has no 'nothing'"));
}

TEST_F(PythonFunctionTest, FailuresAreErrors) {
  Column argument[] = {Numbers({1})};
  EXPECT_THAT(Make("fails", {DataType::Bigint()})->Scalar(argument, 1).message(),
              HasSubstr("ValueError: on purpose"));
  // The process lives on after an exception, and not after this.
  auto exits = Make("exits", {DataType::Bigint()});
  EXPECT_THAT(exits->Scalar(argument, 1).message(), HasSubstr("exited with status 7"));
  EXPECT_FALSE(exits->Scalar(argument, 1).ok());
  settings_["python.fn-execution.timeout"] = "300 ms";
  EXPECT_THAT(Make("sleeps", {DataType::Bigint()})->Scalar(argument, 1).message(),
              HasSubstr("no answer within 300 ms"));
}

TEST_F(PythonFunctionTest, ProcessesEndWithTheRuntimeAndSeeNoSecrets) {
  setenv("AWS_SECRET_ACCESS_KEY", "do not tell", 1);
  auto options = PythonOptionsOf(settings_);
  ASSERT_TRUE(options.ok());
  pid_t pid = -1;
  {
    auto secret = Make("secret", {DataType::Bigint()}, DataType::String());
    Column argument[] = {Numbers({1})};
    auto told = secret->Scalar(argument, 1);
    ASSERT_TRUE(told.ok()) << told.message();
    EXPECT_EQ(told->GetString(0), "unknown");
    auto worker = runtime_->Worker(*options);
    ASSERT_TRUE(worker.ok());
    pid = (*worker)->pid();
    EXPECT_EQ(kill(pid, 0), 0);
    runtime_ = nullptr;
  }
  EXPECT_NE(kill(pid, 0), 0);
}

/// An aggregate over a column of numbers, in one group.
class Group {
 public:
  explicit Group(const std::string& spec) {
    sql::AggregateCall call;
    call.function = std::string(sql::kPythonAggregate) + spec;
    call.args = {0};
    call.type = DataType::Bigint();
    auto made = AccumulatorSet::Make({call}, {DataType::Bigint()}, true, 0);
    EXPECT_TRUE(made.ok()) << made.message();
    set_ = std::make_unique<AccumulatorSet>(std::move(made).value());
    payload_.resize(static_cast<size_t>(set_->payload_bytes()) / sizeof(double));
  }
  ~Group() { set_->Destroy(payload()); }
  void Feed(int64_t value, int8_t sign = 1) {
    std::vector<TestRow> rows = {{{value}}};
    model::Batch batch = MakeBatch({DataType::Bigint()}, rows);
    std::vector<uint32_t> indexes = {0};
    char* target = payload();
    set_->Update({batch, indexes, &target, &sign});
  }
  int64_t Result() {
    std::vector<model::ColumnBuilder> builders;
    builders.emplace_back(DataType::Bigint());
    char* source = payload();
    set_->Emit({&source, 1}, builders);
    EXPECT_TRUE(set_->status().ok()) << set_->status().message();
    return builders[0].Finish().Get<int64_t>(0);
  }
  char* payload() { return reinterpret_cast<char*>(payload_.data()); }
  AccumulatorSet& set() { return *set_; }

 private:
  std::unique_ptr<AccumulatorSet> set_;
  std::vector<double> payload_;
};

TEST_F(PythonFunctionTest, AccumulatorsAreTakenBackMergedAndRestored) {
  Group group(Spec("total"));
  EXPECT_EQ(group.Result(), 0);
  group.Feed(5);
  group.Feed(7);
  group.Feed(5, -1);
  EXPECT_EQ(group.Result(), 7);
  ByteWriter writer;
  group.set().Save(group.payload(), writer);
  // Another process goes on with what the checkpoint holds.
  Group restored(Spec("total"));
  ByteReader reader(writer.view());
  ASSERT_TRUE(restored.set().Load(restored.payload(), reader).ok());
  restored.Feed(100);
  EXPECT_EQ(restored.Result(), 107);
  restored.set().Merge(restored.payload(), group.payload());
  EXPECT_EQ(restored.Result(), 114);
  EXPECT_EQ(group.Result(), 7);
}

}  // namespace
}  // namespace forebay::compute
