#include "compute/batch/batch_letters.h"

#include "compute/runtime/processing_time.h"

namespace forebay::compute {

namespace {

// So many are written at once.
constexpr int kLettersAtOnce = 256;

}  // namespace

BatchLetters::BatchLetters(std::unique_ptr<client::TableWriter> writer)
    : writer_(std::move(writer)), rows_(LetterTypes()) {}

Result<std::unique_ptr<BatchLetters>> BatchLetters::Open(const JobContext& context) {
  ASSIGN_OR_RETURN(BadRowPolicy policy, BadRowPolicyOf(context));
  if (policy == BadRowPolicy::kFail) return std::unique_ptr<BatchLetters>();
  std::unique_ptr<client::TableWriter> writer;
  if (policy == BadRowPolicy::kDeadLetter) {
    ASSIGN_OR_RETURN(model::TableInfo table, OpenLetterTable(context));
    ASSIGN_OR_RETURN(writer, context.environment->connection->OpenWriter(table.path));
  }
  return std::unique_ptr<BatchLetters>(new BatchLetters(std::move(writer)));
}

Status BatchLetters::Take(const char* code, const std::string& origin, BadRecord record) {
  if (writer_ == nullptr) return Status::Ok();
  std::lock_guard lock(mutex_);
  AppendLetter(rows_, SystemNowMs(), code, origin, std::move(record));
  return rows_.num_rows() < kLettersAtOnce ? Status::Ok() : Write();
}

Status BatchLetters::Flush() {
  std::lock_guard lock(mutex_);
  return rows_.num_rows() == 0 ? Status::Ok() : Write();
}

Status BatchLetters::Write() { return writer_->Write(rows_.Finish()).status(); }

}  // namespace forebay::compute
