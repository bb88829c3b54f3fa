#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/connection.h"
#include "io/file_system.h"
#include "serve/http/http_message.h"
#include "serve/http/ingest_journal.h"

namespace forebay::serve {

struct IngestMetrics {
  std::atomic<int64_t> requests{0};
  std::atomic<int64_t> failed_requests{0};
  std::atomic<int64_t> duplicate_requests{0};
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> latency_ns{0};  ///< of all requests together
};

/// `POST /ingest/v1/<db>/<table>`: adds the rows of a JSON, NDJSON or CSV body to a table, all or
/// none of a request, and answers when they are on the disk. The format is that of
/// ?format=json|ndjson|csv or of the Content-Type. CSV begins with a header unless ?header=false;
/// ?null= is its null literal; ?ignore_unknown=true leaves unknown fields out.
///
/// With an Idempotency-Key a request that was stored is recognised, also after a restart, and
/// answered with "duplicate": the key is turned into the writer id. Rows of one request that go to
/// several buckets are made whole by the journal. Thread-safe.
class IngestHandler {
 public:
  /// Finishes what an earlier process left. `connection` and `fs` outlive the handler.
  static Result<std::unique_ptr<IngestHandler>> Open(client::Connection& connection,
                                                     io::FileSystem& fs, std::string directory);
  HttpResponse Handle(const HttpRequest& request);
  const IngestMetrics& metrics() const { return metrics_; }

 private:
  struct Target;
  struct Parsed;
  struct Written;
  /// A writer id and the sequences that are due, by bucket; used by one request at a time.
  struct Writer {
    int64_t id = 0;
    std::map<int, int32_t> next;
  };

  IngestHandler(client::Connection& connection, std::unique_ptr<IngestJournal> journal)
      : connection_(connection), journal_(std::move(journal)) {}
  HttpResponse Answer(const HttpRequest& request);
  Result<Target> OpenTarget(const std::string& database, const std::string& table);
  Status AddTableHint(const std::string& database, const std::string& table, Status status);
  Result<std::map<int, model::Batch>> Split(Target& target, const model::Batch& batch,
                                            int64_t key_id);
  Result<Written> Store(Target& target, const std::string& parameters, const std::string& body,
                        const model::Batch& batch, int64_t key_id);
  Result<Writer> TakeWriter(int64_t table_id);
  Status Redo();
  Status RedoOne(const IngestIntent& intent);

  client::Connection& connection_;
  std::unique_ptr<IngestJournal> journal_;
  IngestMetrics metrics_;
  std::atomic<uint32_t> next_bucket_{0};
  std::mutex mutex_;
  std::map<int64_t, std::vector<Writer>> idle_writers_;  ///< by table id
};

}  // namespace forebay::serve
