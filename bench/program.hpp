/// @file  What every benchmark program shares: its command line, its life under the driver, and the line it reports.
#pragma once

#include <sys/prctl.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using SteadyClock = std::chrono::steady_clock;

/// The options, the same for the floor's programs and for ours, so that the driver starts both alike.
/// Value.
struct Options {
  std::optional<std::uint16_t> port;           ///< TCP on 127.0.0.1; 0 lets a server choose a free one
  std::string unix_path;                       ///< otherwise a UNIX socket, in this folder
  std::string mode = "latency";                ///< the caller's work: "latency", "pipeline", …
  std::size_t callees = 1;                     ///< how many there are, or nodes in a program of many
  std::size_t number = 1;                      ///< which of them this callee is, from 1
  std::size_t outstanding = 256;               ///< calls in flight in "pipeline"; MiB of a value in "beside_bulk"
  std::size_t payload = 64;                    ///< bytes of argument and of result
  std::size_t read_limit = SIZE_MAX;           ///< bytes the floor's programs take in one read
  long busy_poll = 0;                          ///< microseconds that a caller of ours spins before it sleeps
  std::string certificate, key;                ///< files; our programs then speak TLS
  std::chrono::duration<double> warm_up{0.2};  ///< not measured
  std::chrono::duration<double> seconds{1.0};  ///< measured
};

[[noreturn]] inline void fail(std::string_view what) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

[[noreturn]] inline void fail_errno(std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

template <typename Number>
Number parse_number(std::string_view name, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    fail(std::string{name} + " needs a number, not \"" + std::string{text} + "\"");
  }
  return value;
}

inline Options parse_options(int argc, char** argv) {
  // The driver may be killed at any moment; nothing it started should outlive it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view text = argv[i + 1];
    if (name == "--port") {
      options.port = parse_number<std::uint16_t>(name, text);
    } else if (name == "--unix") {
      options.unix_path = text;
    } else if (name == "--mode") {
      options.mode = text;
    } else if (name == "--outstanding") {
      options.outstanding = parse_number<std::size_t>(name, text);
    } else if (name == "--callees") {
      options.callees = parse_number<std::size_t>(name, text);
    } else if (name == "--number") {
      options.number = parse_number<std::size_t>(name, text);
    } else if (name == "--payload") {
      options.payload = parse_number<std::size_t>(name, text);
    } else if (name == "--read-limit") {
      options.read_limit = parse_number<std::size_t>(name, text);
    } else if (name == "--busy-poll") {
      options.busy_poll = parse_number<long>(name, text);
    } else if (name == "--certificate") {
      options.certificate = text;
    } else if (name == "--key") {
      options.key = text;
    } else if (name == "--warm-up") {
      options.warm_up = std::chrono::duration<double>{parse_number<double>(name, text)};
    } else if (name == "--seconds") {
      options.seconds = std::chrono::duration<double>{parse_number<double>(name, text)};
    } else {
      fail("unknown option " + std::string{name});
    }
  }
  if (argc % 2 == 0) fail("an option lacks its value: " + std::string{argv[argc - 1]});
  if (!options.port && options.unix_path.empty()) fail("give --port or --unix");
  if (options.outstanding == 0) fail("--outstanding needs at least 1");
  if (options.read_limit == 0) fail("--read-limit needs at least 1");
  return options;
}

/// Tells the driver that this server can be used; `port` as others reach it, 0 where there is none.
inline void report_ready(unsigned port) {
  std::printf("ready %u\n", port);
  std::fflush(stdout);
}

/// Every latency of one run, exact. Room for the samples is made and touched beforehand, so that recording neither
/// allocates nor faults; a run that would need more keeps its first ones.
/// Threads: one.
class Samples {
 public:
  Samples() : nanoseconds_(capacity) {}

  void add(SteadyClock::duration latency) {
    if (count_ == capacity) return;
    nanoseconds_[count_++] = static_cast<std::uint32_t>(std::min<std::int64_t>(latency.count(), UINT32_MAX));
  }

  /// Before at().
  void sort() {
    if (count_ == 0) fail("no call ended within the time to measure");
    std::sort(nanoseconds_.begin(), nanoseconds_.begin() + static_cast<std::ptrdiff_t>(count_));
  }
  /// The latency in microseconds that this share of the calls does not exceed.
  double at(double share) const {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(count_ - 1));
    return static_cast<double>(nanoseconds_[index]) / 1e3;
  }
  std::size_t count() const { return count_; }

  /// Prints one JSON line with the percentiles in microseconds. Sorts.
  void report() {
    sort();
    std::printf("{\"calls\": %zu, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n", count_, at(0.50),
                at(0.90), at(0.99), at(1.0));
    std::fflush(stdout);
  }

 private:
  static constexpr std::size_t capacity = 2'000'000;

  std::vector<std::uint32_t> nanoseconds_;
  std::size_t count_ = 0;
};

/// Times `call`, which is given a number of its own each time, one after the other. The warm-up is not counted.
template <typename Call>
Samples collect_latencies(const Options& options, Call&& call) {
  Samples samples;
  const auto start = SteadyClock::now();
  for (std::uint64_t id = 0;; ++id) {
    const auto before = SteadyClock::now();
    call(id);
    const auto after = SteadyClock::now();
    if (after - start >= options.warm_up) samples.add(after - before);
    if (after - start >= options.warm_up + options.seconds) break;
  }
  samples.sort();
  return samples;
}

/// The same, and reports.
template <typename Call>
void measure_latency(const Options& options, Call&& call) {
  collect_latencies(options, call).report();
}

/// Measures `call` by itself, then beside what `start_bulk` sets going; `moved()` gives the bytes of that so far.
template <typename Call, typename Start, typename Moved>
void measure_beside_bulk(const Options& options, Call&& call, Start&& start_bulk, Moved&& moved) {
  const Samples idle = collect_latencies(options, call);
  start_bulk();
  const auto start = SteadyClock::now();
  const Samples beside = collect_latencies(options, call);
  const std::chrono::duration<double> seconds = SteadyClock::now() - start;
  std::printf(
      "{\"calls\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"idle_p99\": %.3f, \"times_idle\": %.3f, \"bulk\": %.1f}\n",
      beside.count(), beside.at(0.50), beside.at(0.99), idle.at(0.99), beside.at(0.99) / idle.at(0.99),
      static_cast<double>(moved()) / 1e6 / seconds.count());
  std::fflush(stdout);
}

/// Counts what ended between the end of the warm-up and the end of the time to measure.
/// Threads: one.
class RateMeter {
 public:
  explicit RateMeter(const Options& options)
      : measure_from_{SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(options.warm_up)},
        length_{std::chrono::duration_cast<SteadyClock::duration>(options.seconds)} {}

  /// Adds `ended` calls and reads the clock once: call it per batch. False when the time is over.
  bool add(std::size_t ended) {
    const auto now = SteadyClock::now();
    if (now < measure_from_) return true;
    if (start_ == SteadyClock::time_point{}) {
      // These calls ended partly before this moment, so counting begins with the next ones.
      start_ = now;
      return true;
    }
    calls_ += ended;
    last_ = now;
    return now - start_ < length_;
  }

  void report() const {
    if (calls_ == 0) fail("no call ended within the time to measure");
    const std::chrono::duration<double> seconds = last_ - start_;
    std::printf("{\"calls\": %zu, \"rate\": %.1f}\n", calls_, static_cast<double>(calls_) / seconds.count());
    std::fflush(stdout);
  }

 private:
  SteadyClock::time_point measure_from_;
  SteadyClock::duration length_;
  SteadyClock::time_point start_{};  ///< the epoch until measuring begins
  SteadyClock::time_point last_{};
  std::size_t calls_ = 0;
};

}  // namespace bench
