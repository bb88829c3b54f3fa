#include "compute/job/job_graph.h"

#include "compute/tests/runtime_fixture.h"

namespace forebay::compute {
namespace {

class JobGraphTest : public RuntimeTest {};

TEST_F(JobGraphTest, ExchangesOnlyWhereKeysAsk) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(true), 1);
  sql::PlanPtr root = SinkInto(out, Count(Even(Scan(in, true))));
  // The sink's key is the aggregate's: no second exchange.
  EXPECT_EQ(JobGraph::Build({root}, 4)->ToString(),
            "1 TableScan x4 region=0\n"
            "2 Calc x4 region=0 <- 1\n"
            "3 Aggregate x4 region=1 <- 2 hash(0)\n"
            "4 Sink x4 region=1 <- 3\n");
  EXPECT_EQ(JobGraph::Build({root}, 1)->ToString(),
            "1 TableScan x1 region=0\n"
            "2 Calc x1 region=0 <- 1\n"
            "3 Aggregate x1 region=0 <- 2\n"
            "4 Sink x1 region=0 <- 3\n");
}

TEST_F(JobGraphTest, QueryRootIsCollected) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  EXPECT_EQ(JobGraph::Build({Scan(in, true)}, 2)->ToString(),
            "1 TableScan x2 region=0\n"
            "-1 Collect x2 region=0 <- 1\n");
}

TEST_F(JobGraphTest, LogTableTakesNoChanges) {
  model::TableInfo in = connection_.Create("in", TwoColumns(false), 1);
  model::TableInfo out = connection_.Create("out", TwoColumns(false), 1);
  auto graph = JobGraph::Build({SinkInto(out, Count(Scan(in, true)))}, 1);
  ASSERT_FALSE(graph.ok());
  EXPECT_EQ(graph.kind(), ErrorKind::kNotSupported);
}

}  // namespace
}  // namespace forebay::compute
