#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compute/nexmark/event_block.h"

namespace forebay::compute {

/// A block in memory whose strings are addresses.
struct NexmarkBlock {
  std::unique_ptr<char[]> cells;
  model::StringHeap heap;

  NexmarkBlock() : cells(new char[NexmarkBlockLayout::bytes()]) {}
  template <typename T>
  T* cells_of(NexmarkEvent event, int field) {
    return reinterpret_cast<T*>(cells.get() + NexmarkBlockLayout::OffsetOf(event, field));
  }
};

/// Makes Nexmark events with the distributions of the Nexmark suite's generator in its default
/// configuration: hot auctions (1 of 2 bids), bidders and sellers (3 of 4), 100 auctions in flight,
/// 1,000 active people, prices 10^(6 u), and strings of the same average lengths. An event depends
/// only on its number and the rate, so every run gives the same ones. Thread-safe.
class NexmarkGenerator {
 public:
  /// 2023-11-14T22:13:20Z, the time of event 0.
  static constexpr int64_t kBaseTimeMs = 1'700'000'000'000;

  /// `rate` events a second of event time.
  explicit NexmarkGenerator(int64_t rate);
  ~NexmarkGenerator();

  /// Events [number * 2000, (number + 1) * 2000). The block's strings point into the generator and
  /// the block.
  void Fill(int64_t number, NexmarkBlock& block) const;

 private:
  class Words;   ///< the strings
  class Random;  ///< of one event

  int64_t TimeOf(int64_t event) const { return kBaseTimeMs + event * 1000 / rate_; }
  int64_t Price(Random& random) const;
  void FillPersons(int64_t first, NexmarkBlock& block) const;
  void FillAuctions(int64_t first, NexmarkBlock& block) const;
  void FillBids(int64_t first, NexmarkBlock& block) const;

  const int64_t rate_;
  std::unique_ptr<Words> words_;
  std::vector<double> powers_;  ///< three tables of 10^(6 u), for ten bits of u each
};

}  // namespace forebay::compute
