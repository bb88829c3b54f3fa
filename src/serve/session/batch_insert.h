#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/expression/evaluator.h"
#include "serve/session/engine.h"
#include "serve/session/result_cursor.h"

namespace forebay::serve {

/// A table that a batch statement writes.
struct TableWrite {
  sql::PlanPtr sink;
  /// How the rows are written; nullopt: as the query gives them.
  std::optional<model::ChangeType> change;
  /// The query's rows are collected first: it reads what the statement changes, or its failure must
  /// leave the table as it is.
  bool collects = false;
  /// Called before the first row is written, with all rows when they were collected. Gives the
  /// table to write, which may have come into being only now.
  std::function<Result<sql::TableRef>(const std::vector<model::Batch>&)> prepare;
};

/// Runs the inputs of the sinks one after the other as batch queries and writes their rows into the
/// sinks' tables. Not atomic as a whole: rows written into Forebay's tables before an error or a
/// break stay; files appear when their INSERT has come to its end, or not at all. `done` is the
/// message's last word. `engine` outlives the work.
std::unique_ptr<StatementWork> WriteBatch(std::vector<TableWrite> writes, const Engine& engine,
                                          std::map<std::string, std::string> settings,
                                          const compute::EvaluationContext& evaluation,
                                          std::string done = "inserted");

/// Does `work`; unless that comes to its end, `undo` is called.
std::unique_ptr<StatementWork> WithUndo(std::unique_ptr<StatementWork> work,
                                        std::function<void()> undo, std::function<void()> finish);

/// Drops the tables that a process had begun to make with CREATE TABLE ... AS when it ended. Called
/// once, before statements run.
Status RemoveUnfinishedTables(client::Connection& connection);

}  // namespace forebay::serve
