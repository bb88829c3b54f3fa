#include "compute/nexmark/event_generator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/hash.h"

namespace forebay::compute {
namespace {

using model::StringRef;

// NexmarkConfiguration's defaults and GeneratorConfig's constants.
constexpr int64_t kFirstPersonId = 1000, kFirstAuctionId = 1000, kFirstCategory = 10;
constexpr int64_t kCategories = 5, kActivePeople = 1000, kAuctionsInFlight = 100, kLead = 10;
constexpr int64_t kHotStride = 100;
constexpr uint64_t kHotAuctionRatio = 2, kHotBidderRatio = 4, kHotSellerRatio = 4, kHotChannels = 2;
constexpr int64_t kPersonBytes = 200, kAuctionBytes = 500, kBidBytes = 100;
constexpr int64_t kAuctionsPerCycle = 3;
constexpr int kChannels = 10000;
constexpr size_t kPoolBytes = 1 << 20;
constexpr int kPowerBits = 10;

constexpr std::string_view kFirstNames[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                            "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::string_view kLastNames[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                           "Walton", "Smith",  "Jones",   "Noris"};
constexpr std::string_view kCities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                        "Portland", "Bend",        "Redmond",       "Seattle",
                                        "Kent",     "Cheyenne"};
constexpr std::string_view kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::string_view kHotChannelNames[] = {"Google", "Facebook", "Baidu", "Apple"};

/// The highest person number that event number `event` or one before it made, from 0.
int64_t LastPerson(int64_t event) { return event / kNexmarkCycle; }

int64_t LastAuction(int64_t event) {
  int64_t cycle = event / kNexmarkCycle, place = event % kNexmarkCycle;
  if (place < 1) return cycle * kAuctionsPerCycle - 1;
  return cycle * kAuctionsPerCycle + std::min(place - 1, kAuctionsPerCycle - 1);
}

uint32_t ReverseBits(uint32_t value) {
  uint32_t reversed = 0;
  for (int i = 0; i < 32; ++i) reversed |= (value >> i & 1) << (31 - i);
  return reversed;
}

}  // namespace

/// SplitMix64, started from the event's number.
class NexmarkGenerator::Random {
 public:
  explicit Random(int64_t event) : state_(HashInt(static_cast<uint64_t>(event))) {}

  uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// A number in [0, limit), limit up to 2^32.
  uint64_t Below(uint64_t limit) { return (Next() >> 32) * limit >> 32; }

  int64_t Person(int64_t event) {
    int64_t people = LastPerson(event) + 1, active = std::min(people, kActivePeople);
    return people - active + static_cast<int64_t>(Below(active + kLead));
  }
  int64_t Auction(int64_t event) {
    int64_t last = LastAuction(event), first = std::max<int64_t>(last - kAuctionsInFlight, 0);
    return first + static_cast<int64_t>(Below(last - first + 1 + kLead));
  }

 private:
  uint64_t state_;
};

/// Everything that strings are cut from or chosen among.
class NexmarkGenerator::Words {
 public:
  Words() : pool_(kPoolBytes, ' ') {
    for (size_t i = 0; i < pool_.size(); ++i) {
      uint64_t random = HashInt(i, 1);
      pool_[i] = random % 13 == 0 ? ' ' : static_cast<char>('a' + (random >> 32) % 26);
    }
    for (std::string_view first : kFirstNames) {
      for (std::string_view last : kLastNames) {
        names_.push_back(heap_.Add(std::string(first) + " " + std::string(last)));
      }
    }
    for (std::string_view city : kCities) cities_.push_back(heap_.Add(city));
    for (size_t i = 0; i < std::size(kHotChannelNames); ++i) {
      hot_channels_.push_back(heap_.Add(kHotChannelNames[i]));
      hot_urls_.push_back(heap_.Add(BaseUrl(i)));
    }
    for (uint32_t i = 0; i < kChannels; ++i) {
      channels_.push_back(heap_.Add("channel-" + std::to_string(i)));
      std::string url = BaseUrl(100 + i);
      urls_.push_back(heap_.Add(url));
      int64_t id = static_cast<int32_t>(ReverseBits(i));
      urls_with_id_.push_back(heap_.Add(url + "&channel_id=" + std::to_string(std::abs(id))));
    }
  }

  std::string_view Cut(Random& random, size_t size) const {
    return {pool_.data() + random.Below(kPoolBytes - size), size};
  }
  /// What fills an event of `size` bytes up to `average` bytes, give or take a fifth.
  StringRef Extra(Random& random, int64_t size, int64_t average) const {
    if (size > average) return StringRef();
    average -= size;
    int64_t delta = (average * 2 + 5) / 10;
    int64_t more = delta == 0 ? 0 : static_cast<int64_t>(random.Below(2 * delta));
    return StringRef(Cut(random, static_cast<size_t>(average - delta + more)));
  }
  /// 3 to max - 1 bytes.
  StringRef Text(Random& random, size_t max) const {
    return StringRef(Cut(random, 3 + random.Below(max - 3)));
  }
  StringRef Name(Random& random) const { return names_[random.Below(names_.size())]; }
  StringRef City(Random& random) const { return cities_[random.Below(cities_.size())]; }

  void Channel(Random& random, StringRef& channel, StringRef& url) const {
    if (random.Below(kHotChannels) > 0) {
      size_t hot = random.Below(hot_channels_.size());
      channel = hot_channels_[hot];
      url = hot_urls_[hot];
      return;
    }
    size_t index = random.Below(kChannels);
    channel = channels_[index];
    url = random.Below(10) > 0 ? urls_with_id_[index] : urls_[index];
  }

 private:
  std::string BaseUrl(uint64_t number) const {
    Random random(static_cast<int64_t>(number) - (int64_t{1} << 40));
    std::string url = "https://www.nexmark.com/";
    for (int part = 0; part < 3; ++part) {
      for (size_t i = 3 + random.Below(2); i > 0; --i) {
        url += random.Below(13) == 0 ? '_' : static_cast<char>('a' + random.Below(26));
      }
      url += '/';
    }
    return url + "item.htm?query=1";
  }

  std::string pool_;
  model::StringHeap heap_;
  std::vector<StringRef> names_, cities_, hot_channels_, hot_urls_, channels_, urls_, urls_with_id_;
};

NexmarkGenerator::NexmarkGenerator(int64_t rate)
    : rate_(rate), words_(std::make_unique<Words>()), powers_(3 << kPowerBits) {
  for (int table = 0; table < 3; ++table) {
    double unit = std::ldexp(1.0, -kPowerBits * (table + 1));
    for (int i = 0; i < 1 << kPowerBits; ++i) {
      powers_[static_cast<size_t>(table) << kPowerBits | i] = std::pow(10.0, 6 * i * unit);
    }
  }
}

NexmarkGenerator::~NexmarkGenerator() = default;

int64_t NexmarkGenerator::Price(Random& random) const {
  constexpr uint64_t kMask = (1 << kPowerBits) - 1;
  uint64_t bits = random.Next() >> (64 - 3 * kPowerBits);
  double power = powers_[bits >> (2 * kPowerBits)] *
                 powers_[size_t{1} << kPowerBits | (bits >> kPowerBits & kMask)] *
                 powers_[size_t{2} << kPowerBits | (bits & kMask)];
  // Positive, and lround would be a call. NOLINTNEXTLINE(bugprone-incorrect-roundings)
  return static_cast<int64_t>(power * 100.0 + 0.5);
}

void NexmarkGenerator::Fill(int64_t number, NexmarkBlock& block) const {
  int64_t first = number * NexmarkBlockLayout::kEvents;
  FillPersons(first, block);
  FillAuctions(first, block);
  FillBids(first, block);
}

void NexmarkGenerator::FillPersons(int64_t first, NexmarkBlock& block) const {
  constexpr NexmarkEvent kKind = NexmarkEvent::kPerson;
  for (int i = 0; i < NexmarkBlockLayout::RowsOf(kKind); ++i) {
    int64_t event = first + int64_t{i} * kNexmarkCycle;
    Random random(event);
    auto text = [&](int field) -> StringRef& { return block.cells_of<StringRef>(kKind, field)[i]; };
    block.cells_of<int64_t>(kKind, 0)[i] = kFirstPersonId + LastPerson(event);
    text(1) = words_->Name(random);
    std::string email(words_->Text(random, 7).view());
    email.append("@").append(words_->Text(random, 5).view()).append(".com");
    text(2) = block.heap.Add(email);
    std::string card;
    for (int part = 0; part < 4; ++part) {
      std::string digits = std::to_string(random.Below(10000));
      card += (part == 0 ? "" : " ") + std::string(4 - digits.size(), '0') + digits;
    }
    text(3) = block.heap.Add(card);
    text(4) = words_->City(random);
    text(5) = StringRef(kStates[random.Below(std::size(kStates))]);
    block.cells_of<int64_t>(kKind, 6)[i] = TimeOf(event);
    int64_t size = 8;
    for (int field = 1; field <= 5; ++field) size += text(field).size();
    text(7) = words_->Extra(random, size, kPersonBytes);
  }
}

void NexmarkGenerator::FillAuctions(int64_t first, NexmarkBlock& block) const {
  constexpr NexmarkEvent kKind = NexmarkEvent::kAuction;
  auto number = [&](int field) { return block.cells_of<int64_t>(kKind, field); };
  for (int i = 0; i < NexmarkBlockLayout::RowsOf(kKind); ++i) {
    int64_t event = first + i / kAuctionsPerCycle * kNexmarkCycle + 1 + i % kAuctionsPerCycle;
    Random random(event);
    int64_t time = TimeOf(event);
    number(0)[i] = kFirstAuctionId + LastAuction(event);
    StringRef name = words_->Text(random, 20), description = words_->Text(random, 100);
    block.cells_of<StringRef>(kKind, 1)[i] = name;
    block.cells_of<StringRef>(kKind, 2)[i] = description;
    int64_t initial = Price(random);
    number(3)[i] = initial;
    number(4)[i] = initial + Price(random);
    number(5)[i] = time;
    // On average an auction lasts for as many events as it takes to open those in flight.
    int64_t horizon = TimeOf(event + kAuctionsInFlight * kNexmarkCycle / kAuctionsPerCycle) - time;
    number(6)[i] = time + 1 + static_cast<int64_t>(random.Below(std::max<int64_t>(2 * horizon, 1)));
    bool hot = random.Below(kHotSellerRatio) > 0;
    number(7)[i] =
        kFirstPersonId + (hot ? LastPerson(event) / kHotStride * kHotStride : random.Person(event));
    number(8)[i] = kFirstCategory + static_cast<int64_t>(random.Below(kCategories));
    int64_t size = 8 + name.size() + description.size() + 5 * 8;
    block.cells_of<StringRef>(kKind, 9)[i] = words_->Extra(random, size, kAuctionBytes);
  }
}

void NexmarkGenerator::FillBids(int64_t first, NexmarkBlock& block) const {
  constexpr NexmarkEvent kKind = NexmarkEvent::kBid;
  auto number = [&](int field) { return block.cells_of<int64_t>(kKind, field); };
  int64_t *auctions = number(0), *bidders = number(1), *prices = number(2), *times = number(5);
  auto* channels = block.cells_of<StringRef>(kKind, 3);
  auto* urls = block.cells_of<StringRef>(kKind, 4);
  auto* extras = block.cells_of<StringRef>(kKind, 6);
  int row = 0;
  for (int64_t cycle = first; cycle < first + NexmarkBlockLayout::kEvents; cycle += kNexmarkCycle) {
    for (int64_t event = cycle + 4; event < cycle + kNexmarkCycle; ++event, ++row) {
      Random random(event);
      bool hot_auction = random.Below(kHotAuctionRatio) > 0;
      auctions[row] = kFirstAuctionId + (hot_auction ? LastAuction(event) / kHotStride * kHotStride
                                                     : random.Auction(event));
      bool hot_bidder = random.Below(kHotBidderRatio) > 0;
      int64_t bidder =
          hot_bidder ? LastPerson(event) / kHotStride * kHotStride + 1 : random.Person(event);
      // The suite's generator adds the first id twice, so bidders begin at 2000; kept.
      bidders[row] = bidder + 2 * kFirstPersonId;
      prices[row] = Price(random);
      words_->Channel(random, channels[row], urls[row]);
      times[row] = TimeOf(event);
      extras[row] = words_->Extra(random, 4 * 8, kBidBytes);
    }
  }
}

}  // namespace forebay::compute
