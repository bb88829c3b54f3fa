#include "client/remote_table_state.h"

#include <future>

#include "format/table_json.h"

namespace forebay::client {

void RemoteTableState::Refresh(std::function<void(Status)> done) {
  auto before = table();
  // `done` keeps alive what is refreshed.
  cluster_->FetchTable(before->info.path, [this, before, done = std::move(done)](auto fetched) {
    if (!fetched.ok()) return done(fetched.status());
    if ((*fetched)->info.id != before->info.id) {
      return done(NotFound("table {} was dropped and created anew", before->info.path.ToString()));
    }
    {
      std::lock_guard lock(mutex_);
      // Columns that were added since are not for those who opened the table before.
      auto moved = std::make_shared<RemoteTable>(*before);
      moved->leaders = (*fetched)->leaders;
      moved->partitions = (*fetched)->partitions;
      table_ = std::move(moved);
    }
    done(Status::Ok());
  });
}

Status RemoteTableState::Refresh() {
  auto refreshed = std::make_shared<std::promise<Status>>();
  Refresh([refreshed](Status status) { refreshed->set_value(std::move(status)); });
  return refreshed->get_future().get();
}

Result<std::shared_ptr<const model::Schema>> RemoteTableState::Schema(model::SchemaId id) {
  {
    std::lock_guard lock(mutex_);
    auto known = schemas_.find(id);
    if (known != schemas_.end()) return known->second;
  }
  const model::TablePath path = table()->info.path;
  rpc::GetTableSchemaRequest request{{path.database, path.table}, id.value()};
  ASSIGN_OR_RETURN(auto reply, cluster_->AskCoordinator<rpc::GetTableSchemaResponse>(
                                   rpc::ApiKey::kGetTableSchema, request));
  ASSIGN_OR_RETURN(model::Schema schema, format::SchemaFromJson(reply.message.schema_json.bytes));
  auto shared = std::make_shared<const model::Schema>(std::move(schema));
  std::lock_guard lock(mutex_);
  schemas_[id] = shared;
  return std::shared_ptr<const model::Schema>(shared);
}

}  // namespace forebay::client
