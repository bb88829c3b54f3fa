#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/connection.h"
#include "client/writer_memory.h"
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
/// answered with "duplicate", and refused (422) when its body is another one: the key is turned
/// into a one-time writer id, the body into the sequence. Rows of one request that go to several
/// buckets are made whole by the journal: when some buckets have theirs and the others do not take
/// them in time, a thread goes on until they do. Thread-safe.
class IngestHandler {
 public:
  struct Options {
    /// How long a request waits for its remaining buckets once one has its rows.
    int64_t complete_timeout_ms = 10'000;
    /// Between two attempts to finish such a request in the background.
    int64_t finish_pause_ms = 500;
  };
  /// Finishes what an earlier process left. `connection` and `fs` outlive the handler.
  static Result<std::unique_ptr<IngestHandler>> Open(client::Connection& connection,
                                                     io::FileSystem& fs, std::string directory,
                                                     Options options);
  static Result<std::unique_ptr<IngestHandler>> Open(client::Connection& connection,
                                                     io::FileSystem& fs, std::string directory) {
    return Open(connection, fs, std::move(directory), Options());
  }
  ~IngestHandler();
  HttpResponse Handle(const HttpRequest& request);
  const IngestMetrics& metrics() const { return metrics_; }

 private:
  struct Target;
  struct Parsed;
  struct Written;
  class KeyInUse;
  /// An Idempotency-Key as storage sees it.
  struct Key {
    int64_t id = -1;      ///< the writer id; -1: none was given
    int32_t content = 0;  ///< the sequence: a hash of what the request holds
  };
  /// A writer id and the sequences that are due, by bucket; used by one request at a time.
  struct Writer {
    int64_t id = 0;
    std::map<model::BucketId, int32_t> next;
  };

  IngestHandler(client::Connection& connection, std::unique_ptr<IngestJournal> journal,
                Options options);
  HttpResponse Answer(const HttpRequest& request);
  static Key KeyOf(const HttpRequest& request, const Target& target, const std::string& parameters);
  Result<Target> OpenTarget(const std::string& database, const std::string& table);
  Status AddTableHint(const std::string& database, const std::string& table, Status status);
  using Parts = std::map<model::BucketId, model::Batch>;
  Result<Parts> Split(Target& target, const model::Batch& batch, int64_t key_id);
  Result<Written> Store(Target& target, const std::string& parameters, const std::string& body,
                        const model::Batch& batch, Key key);
  Result<Written> StoreParts(Target& target, const Parts& parts, IngestIntent intent);
  Result<Writer> TakeWriter(int64_t table_id);
  Status Redo();
  Status RedoOne(const IngestIntent& intent);
  /// False: try again later.
  bool Finish(const std::string& path, const IngestIntent& intent);
  void FinishLater(const std::string& path, IngestIntent intent);
  void RunFinisher();

  client::Connection& connection_;
  client::WriterMemory* const memory_;  ///< nullptr: the connection cannot tell
  std::unique_ptr<IngestJournal> journal_;
  const Options options_;
  IngestMetrics metrics_;
  std::atomic<uint32_t> next_bucket_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int64_t, std::vector<Writer>> idle_writers_;  ///< by table id
  std::set<int64_t> keys_in_use_;                        ///< of requests under way
  std::map<std::string, IngestIntent> unfinished_;       ///< by path in the journal
  bool stopping_ = false;
  std::thread finisher_;
};

}  // namespace forebay::serve
