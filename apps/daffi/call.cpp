/// @file  daffi call, daffi wait.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <thread>
#include <utility>

#include "daffi/commands.hpp"

namespace daffi_command {
namespace {

// The value of one argument, or nothing and a line that says what is wrong with it.
std::optional<daffi::Value> parse(const std::string& text, const std::string& what) {
  try {
    return daffi::Value::from_json(text);
  } catch (const daffi::Error& error) {
    std::fprintf(stderr, "daffi: %s is not JSON: %s (%s; a text needs its quotes: '\"%s\"')\n", what.c_str(),
                 text.c_str(), error.message().c_str(), text.c_str());
    return std::nullopt;
  }
}

// The results as one JSON object; a line on stderr and, in the end, a status that is not success for each that failed.
int print_outcomes(const daffi::Outcomes<daffi::Value>& outcomes) {
  daffi::Value::Map results;
  int status = kSuccess;
  for (const auto& [process, outcome] : outcomes) {
    if (outcome) {
      results.emplace_back(daffi::Value(process), *outcome);
    } else {
      status = std::max(status, report(*outcome.error(), process));
    }
  }
  std::printf("%s\n", daffi::Value(std::move(results)).to_json(2).c_str());
  return status;
}

// True when `name` yields wherever it is called.
bool gives_stream(const daffi::Global& g, const std::string& name, const std::string& receiver) {
  std::size_t holders = 0, streams = 0;
  for (const auto& member : g.members()) {
    if (!receiver.empty() && member.process_name != receiver) continue;
    for (const auto& callback : member.callbacks) {
      if (callback.name != name) continue;
      ++holders;
      if (callback.signature.stream) ++streams;
    }
  }
  return holders > 0 && streams == holders;
}

// What had arrived by then is printed all the same.
int broadcast(const daffi::LazyCall& lazy, daffi::Duration timeout) {
  try {
    return print_outcomes(lazy & daffi::BROADCAST{.timeout = timeout});
  } catch (const daffi::BroadcastTimeout& late) {
    print_outcomes(late.results<daffi::Value>());
    throw;
  }
}

}  // namespace

int CallCommand::run() const {
  daffi::Writer writer;
  writer.array(arguments.size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto value = parse(arguments[i], "argument " + std::to_string(i + 1));
    if (!value) return kUsage;
    daffi::Codec<daffi::Value>::write(writer, *value);
  }
  std::vector<std::string> names;
  writer.map(keywords.size());
  for (const std::string& keyword : keywords) {
    const auto equals = keyword.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::fprintf(stderr, "daffi: a keyword argument is given as NAME=JSON, not '%s'\n", keyword.c_str());
      return kUsage;
    }
    names.push_back(keyword.substr(0, equals));
    const auto value = parse(keyword.substr(equals + 1), "keyword argument '" + names.back() + "'");
    if (!value) return kUsage;
    writer.text(names.back());
    daffi::Codec<daffi::Value>::write(writer, *value);
  }
  return guarded([&]() -> int {
    daffi::Global g(address.observer(timeout));
    if (!stream && gives_stream(g, name, receiver)) {
      std::fprintf(stderr, "daffi: '%s' gives a stream: call it with --stream%s\n", name.c_str(),
                   broadcast ? ", one process at a time" : "");
      return kFailed;
    }
    daffi::FG how;
    how.timeout = daffi::Duration(timeout);
    how.receiver = receiver;
    const auto core = daffi::detail::core_of(g);
    if (stream) return print_stream(g, {core, name, arguments.size(), std::move(names), std::move(writer)}, how);
    daffi::LazyCall lazy(core, name, arguments.size(), std::move(names), std::move(writer));
    if (broadcast) return daffi_command::broadcast(lazy, how.timeout);
    const daffi::Value result = lazy & how;
    std::printf("%s\n", result.to_json(2).c_str());
    return kSuccess;
  });
}

// Ctrl-C, or SIGTERM, stops the Global, which ends the stream here and the generator there.
int CallCommand::print_stream(daffi::Global& g, const daffi::LazyStream& lazy, const daffi::FG& how) {
  std::exception_ptr error;
  std::thread reader([&] {
    try {
      for (const daffi::Value& item : lazy& how) {
        std::printf("%s\n", item.to_json().c_str());
        std::fflush(stdout);
      }
    } catch (...) {
      error = std::current_exception();
    }
    g.stop();
  });
  g.join({.stop_on_signals = true});
  reader.join();
  try {
    if (error) std::rethrow_exception(error);
  } catch (const daffi::Error& ended) {
    if (ended.code() != daffi::ErrorCode::stopped && ended.code() != daffi::ErrorCode::cancelled) throw;
    return kInterrupted;
  }
  return kSuccess;
}

int WaitCommand::run() const {
  return guarded([&] {
    daffi::Global g(address.observer(timeout));
    const daffi::Duration limit(timeout);
    if (process) {
      g.wait_process(name, limit);
    } else {
      g.wait_function(name, limit);
    }
    return kSuccess;
  });
}

}  // namespace daffi_command
