#include "app/demo/shop_feed.h"

#include <fmt/format.h>

#include <array>

#include "app/demo/reference_text.h"

namespace forebay::app {

namespace {

constexpr std::array kCategories = {"phones", "laptops", "audio", "cameras", "wearables", "games"};

/// Names of the data set are letters, digits, '_', '-' and '.', so that nothing has to be escaped.
void AppendField(std::string& out, const char* name, std::string_view value) {
  out += fmt::format("\"{}\":\"{}\",", name, value);
}

void AppendProduct(std::string& out, int id, int64_t version) {
  int64_t cents = 990 + (id * 7919 + version * 131) % 90000;
  out += fmt::format(
      "{{\"product_id\":{},\"name\":\"product {}\",\"category\":\"{}\",\"price\":{}.{:02}}}\n", id,
      id, kCategories[id % kCategories.size()], cents / 100, cents % 100);
}

}  // namespace

Status ShopFeed::SendProducts() {
  for (int id = 1; id <= Clickstream::kProducts; ++id) AppendProduct(products_, id, 0);
  return Post("products", products_);
}

Status ShopFeed::SendClicks(const std::function<Status()>& halfway) {
  lifecycles_.assign(static_cast<size_t>(replay_.stream().users.size()) * replay_.copies(), -1);
  int64_t row = 0;
  RETURN_IF_ERROR(replay_.ForEach([&](const Click& click, int copy) {
    NoteCustomer(click, copy);
    if (row != dropped_row_) AppendClick(click, copy);
    if (batch_rows_ >= kBatchRows) RETURN_IF_ERROR(Flush());
    return ++row == replay_.rows() / 2 ? halfway() : Status();
  }));
  return Flush();
}

Status ShopFeed::SendHeartbeat() {
  constexpr int64_t kYearMs = 366 * int64_t{86'400'000};
  int64_t ts_ms = replay_.stream().clicks.back().ts_ms + kYearMs;
  clicks_ = fmt::format("{{\"event\":\"heartbeat\",\"ts\":\"{}\"}}\n", TimeText(ts_ms));
  return Post("clicks", clicks_);
}

void ShopFeed::AppendClick(const Click& click, int copy) {
  const Clickstream& stream = replay_.stream();
  clicks_ += "{\"user_id\":\"";
  Replay::AppendName(clicks_, stream.users.of(click.user), copy);
  clicks_ += "\",\"session_id\":\"";
  Replay::AppendName(clicks_, stream.sessions.of(click.session), copy);
  clicks_ += "\",";
  AppendField(clicks_, "event", stream.events.of(click.event));
  if (click.product_id > 0) clicks_ += fmt::format("\"product_id\":{},", click.product_id);
  AppendField(clicks_, "platform", stream.platforms.of(click.platform));
  AppendField(clicks_, "channel", stream.channels.of(click.channel));
  clicks_ += "\"ts\":\"";
  model::AppendTimestamp(clicks_, click.ts_ms, 3);
  clicks_ += "\"}\n";
  ++batch_rows_;
  event_time_ms_ = click.ts_ms;
}

void ShopFeed::NoteCustomer(const Click& click, int copy) {
  const Clickstream& stream = replay_.stream();
  int8_t& known = lifecycles_[static_cast<size_t>(copy) * stream.users.size() + click.user];
  if (known == click.lifecycle) return;
  known = static_cast<int8_t>(click.lifecycle);
  customers_ += "{\"user_id\":\"";
  Replay::AppendName(customers_, stream.users.of(click.user), copy);
  customers_ += "\",";
  AppendField(customers_, "cohort", stream.cohorts.of(click.cohort));
  AppendField(customers_, "channel", stream.channels.of(click.channel));
  customers_ += fmt::format("\"lifecycle\":\"{}\"}}\n", stream.lifecycles.of(click.lifecycle));
}

void ShopFeed::ChangePrice() {
  ++price_changes_;
  int id = static_cast<int>(price_changes_ * 37 % Clickstream::kProducts) + 1;
  AppendProduct(products_, id, price_changes_);
}

Status ShopFeed::Flush() {
  ChangePrice();
  int rows = std::exchange(batch_rows_, 0);
  RETURN_IF_ERROR(Post("customers", customers_));
  RETURN_IF_ERROR(Post("products", products_));
  RETURN_IF_ERROR(Post("clicks", clicks_));
  rows_sent_ += rows;
  return Status();
}

Status ShopFeed::Post(const char* table, std::string& body) {
  if (body.empty()) return Status();
  auto answer = http_.Post(fmt::format("/ingest/v1/ecommerce/{}", table), "application/x-ndjson",
                           std::exchange(body, {}));
  return answer.ok() ? Status() : answer.status();
}

}  // namespace forebay::app
