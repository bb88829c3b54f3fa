#include "app/demo/clickstream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "model/value_text.h"

namespace forebay::app {

namespace {

constexpr std::string_view kHeader =
    "user_id,session_id,event,timestamp,platform,acquisition_channel,user_cohort,user_lifecycle";
constexpr int kFields = 8;
/// Far above the data set's 2.5 MB; a file that unpacks to more is not it.
constexpr size_t kTextBytesMax = 256 << 20;

Result<std::string> Unzip(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return ErrnoError(errno, "open", path);
  std::string text;
  std::array<char, 1 << 16> chunk;
  int bytes = 0;
  while ((bytes = gzread(file, chunk.data(), chunk.size())) > 0 && text.size() < kTextBytesMax) {
    text.append(chunk.data(), bytes);
  }
  bool whole = bytes == 0 && gzclose(file) == Z_OK;
  if (!whole) return Corruption("the data set cannot be unpacked: {}", path);
  return text;
}

/// The fields of a line; the data set has no quotes.
bool SplitFields(std::string_view line, std::array<std::string_view, kFields>& fields) {
  for (int i = 0; i < kFields; ++i) {
    size_t end = i + 1 < kFields ? line.find(',') : line.size();
    if (end == std::string_view::npos) return false;
    fields[i] = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return fields[kFields - 1].find(',') == std::string_view::npos;
}

Result<Click> ParseClick(std::string_view line, int64_t row, Clickstream& stream) {
  std::array<std::string_view, kFields> fields;
  if (!SplitFields(line, fields)) {
    return InvalidArgument("row {} of the data set has not {} fields: {}", row, kFields, line);
  }
  std::optional<int64_t> ts_ms = model::ParseTimestamp(fields[3], 3);
  if (!ts_ms) return InvalidArgument("row {} of the data set: not a time: {}", row, fields[3]);
  Click click;
  click.ts_ms = *ts_ms;
  click.user = stream.users.IdOf(fields[0]);
  click.session = stream.sessions.IdOf(fields[1]);
  click.event = stream.events.IdOf(fields[2]);
  click.platform = stream.platforms.IdOf(fields[4]);
  click.channel = stream.channels.IdOf(fields[5]);
  click.cohort = stream.cohorts.IdOf(fields[6]);
  click.lifecycle = stream.lifecycles.IdOf(fields[7]);
  return click;
}

Status ParseClicks(std::string_view text, Clickstream& stream) {
  int64_t row = 0;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (row == 0 && line != kHeader) {
      return InvalidArgument("the data set has other columns than expected: {}", line);
    }
    if (row > 0 && !line.empty()) {
      ASSIGN_OR_RETURN(Click click, ParseClick(line, row, stream));
      stream.clicks.push_back(click);
    }
    ++row;
  }
  return Status();
}

/// Which products a session looks at: a new one with each product view. The factors are large
/// primes that scatter the numbers.
int ProductOf(int session, int views) {
  uint64_t mixed = session * uint64_t{2654435761} + views * uint64_t{40503};
  return static_cast<int>((mixed >> 7) % Clickstream::kProducts) + 1;
}

void AssignProducts(Clickstream& stream) {
  std::vector<bool> about_product(stream.events.size());
  for (std::string_view name :
       {"product_view", "wishlist_add", "compare", "review_page", "add_to_cart", "purchase"}) {
    int event = stream.events.Find(name);
    if (event >= 0) about_product[event] = true;
  }
  const int view = stream.events.Find("product_view");
  std::vector<int> views(stream.sessions.size());
  for (Click& click : stream.clicks) {
    if (click.event == view) ++views[click.session];
    if (about_product[click.event]) {
      click.product_id = ProductOf(click.session, views[click.session]);
    }
  }
}

}  // namespace

int Names::IdOf(std::string_view name) {
  auto [entry, is_new] = ids_.try_emplace(std::string(name), size());
  if (is_new) names_.emplace_back(name);
  return entry->second;
}

int Names::Find(std::string_view name) const {
  auto entry = ids_.find(std::string(name));
  return entry == ids_.end() ? -1 : entry->second;
}

void Replay::AppendName(std::string& out, const std::string& name, int copy) {
  out += name;
  if (copy > 0) out += "." + std::to_string(copy);
}

std::string ClickstreamPath() {
  const char* deps = std::getenv("FOREBAY_DEPS");
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string packed = program.parent_path().parent_path() / "share/ecom.csv.gz";
  if (deps == nullptr && !error && std::filesystem::exists(packed, error)) return packed;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string prefix = deps != nullptr ? deps
                       : cache != nullptr
                           ? std::string(cache) + "/forebay/deps"
                           : std::string(home != nullptr ? home : "/root") + "/.cache/forebay/deps";
  return prefix + "/datasets/ecom.csv.gz";
}

Result<Clickstream> LoadClickstream(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return NotFound(
        "the demo's data set is not at {}: run `make deps` in the source folder, which "
        "downloads it, or set FOREBAY_DEPS to the prefix where it did",
        path);
  }
  ASSIGN_OR_RETURN(std::string text, Unzip(path));
  Clickstream stream;
  RETURN_IF_ERROR(ParseClicks(text, stream));
  if (stream.clicks.empty()) return InvalidArgument("the data set has no rows: {}", path);
  std::stable_sort(stream.clicks.begin(), stream.clicks.end(),
                   [](const Click& a, const Click& b) { return a.ts_ms < b.ts_ms; });
  AssignProducts(stream);
  return stream;
}

}  // namespace forebay::app
