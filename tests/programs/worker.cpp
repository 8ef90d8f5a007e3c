/// @file  A process for the fault tests: callbacks that echo, block, count, and say when they are told to stop.
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

#include "daffi/daffi.hpp"

namespace {

// Holds callbacks back until somebody calls `release`.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

void say(const char* text) {
  std::puts(text);
  std::fflush(stdout);
}

std::string option(int argc, char** argv, const std::string& name, const std::string& otherwise) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (argv[i] == "--" + name) return argv[i + 1];
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  daffi::GlobalOptions options;
  options.process_name = option(argc, argv, "name", "worker");
  options.unix_sock_path = option(argc, argv, "folder", "");
  if (const auto host = option(argc, argv, "host", ""); !host.empty()) options.host = host;
  if (const auto port = option(argc, argv, "port", ""); !port.empty()) options.port = std::atoi(port.c_str());
  options.token = option(argc, argv, "token", "");
  options.ssl_certificate = option(argc, argv, "certificate", "");
  options.ssl_key = option(argc, argv, "key", "");
  options.ssl_ca = option(argc, argv, "ca", "");
  options.allow_code = !option(argc, argv, "allow-code", "").empty();
  options.state_dir = option(argc, argv, "state", "");
  options.heartbeat = daffi::Duration(std::atof(option(argc, argv, "heartbeat", "15").c_str()));
  options.handler_threads = static_cast<std::size_t>(std::atoi(option(argc, argv, "threads", "512").c_str()));
  daffi::Global g(std::move(options));

  Gate gate;
  std::atomic<int> counted{0};
  const std::string name = g.process_name();
  g.callback("who", [name] { return name; });
  g.callback("who_" + name, [name] { return name; });
  g.callback("echo", [](const std::string& text) { return text; });
  g.callback("hold", [&] {
    say("holding");
    gate.pass();
    return std::string("released");
  });
  g.callback("release", [&] { gate.open(); });
  g.callback("tick", [] { say("tick"); });
  g.callback("count", [&] { ++counted; });
  g.callback("counted", [&] { return counted.load(); });
  g.callback(
      "scale", [](double value, double factor) { return value * factor; },
      daffi::params("value", daffi::arg("factor") = 10.0), daffi::doc("Multiplies a value."));
  if (const auto callers = option(argc, argv, "callers", ""); !callers.empty()) {
    g.callback(
        "guarded", [] { return std::string("guarded"); }, daffi::callers(callers));
  }
  g.callback("fail", [](const std::string& why) -> int { throw std::runtime_error(why); });
  g.callback("until_told", [](daffi::CallContext& context) {
    say(("serving " + context.caller()).c_str());
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, context.stop_token(), [] { return false; });
    say("told to stop");
  });
  g.callback("numbers", [](int end) -> daffi::Generator<int> {
    struct Farewell {
      ~Farewell() { say("generator gone"); }
    } const farewell;
    for (int i = 0; end < 0 || i < end; ++i) {
      if (i == 1000) say("a thousand");
      co_yield i;
    }
  });
  const auto texts = [](std::size_t count, std::size_t size) -> daffi::Generator<std::string> {
    for (std::size_t i = 0; i < count; ++i) co_yield std::string(size, static_cast<char>('a' + i % 26));
  };
  g.callback("texts", texts);
  std::atomic<std::size_t> text_bytes{0};
  g.callback("take_text", [&](const std::string& text) {
    // In order, and whole: each is of the letter behind the one before.
    static char expected = 'a';
    if (text.find_first_not_of(expected) != std::string::npos) throw std::runtime_error("not the next text");
    expected = expected == 'z' ? 'a' : static_cast<char>(expected + 1);
    text_bytes += text.size();
  });
  g.callback("text_bytes", [&] { return text_bytes.load(); });
  std::atomic<int> taken{0};
  g.callback("take", [&](int) {
    if (++taken == 1000) say("taken a thousand");
  });
  g.callback("taken", [&] { return taken.load(); });
  g.callback("feed", [&](const std::string& receiver) {
    daffi::Fetch<void()> take{g, "take", []() -> daffi::Generator<int> {
                                for (int i = 0;; ++i) co_yield i;
                              }};
    take.call(daffi::FG{.receiver = receiver});
  });
  say("ready");
  g.join({.stop_on_signals = true});
  say("stopped in order");
}
