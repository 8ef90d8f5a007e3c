/// @file  Field: the processes of one fault case, whom the test kills, stops and starts again, and their ledgers.
#include "faults/field.hpp"

#include <signal.h>

#include <condition_variable>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>

#include "faults/totals.hpp"

namespace daffi::tests {

namespace {
const auto began = std::chrono::steady_clock::now();
}

int soak_minutes() {
  const char* minutes = std::getenv("DAFFI_SOAK_MINUTES");
  return minutes != nullptr ? std::atoi(minutes) : 0;
}

bool soaking() { return soak_minutes() > 0; }

std::chrono::steady_clock::time_point soak_end() { return began + std::chrono::minutes(soak_minutes()); }

Footprint footprint(pid_t pid) {
  Footprint result;
  const std::filesystem::path folder = "/proc/" + std::to_string(pid);
  std::ifstream status(folder / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) result.memory_kib = std::stoul(line.substr(6));
  }
  std::error_code gone;
  for (std::filesystem::directory_iterator each(folder / "fd", gone), end; !gone && each != end; each.increment(gone)) {
    ++result.descriptors;
  }
  return result;
}

std::uint64_t counter(const std::string& line, const std::string& word) {
  std::istringstream words(line);
  for (std::string each; words >> each;) {
    if (std::uint64_t value = 0; each == word && words >> value) return value;
  }
  ADD_FAILURE() << "no '" << word << "' in: " << line;
  return 0;
}

void let_pass(std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, time, [] { return false; });
}

Field::Field() : controller_address_{"--folder", folder_.path()}, address_(controller_address_) {
  std::filesystem::create_directory(ledgers());
}

Field::~Field() {
  if (!judged_ && !HasFailure() && !IsSkipped()) ADD_FAILURE() << "the ledgers were not judged";
}

Process& Field::start(const std::string& name, Arguments arguments) {
  arguments.insert(arguments.end(), {"--name", name, "--ledger", ledgers()});
  auto& place = processes_[name];
  if (place) gone_.push_back(std::move(place));
  place = std::make_unique<Process>(program("party"), std::move(arguments), environment_);
  place->wait_for_line("ready");
  return *place;
}

Process& Field::start_controller(Arguments more) {
  more.insert(more.end(), {"--controller", "yes"});
  more.insert(more.end(), controller_address_.begin(), controller_address_.end());
  return start("controller", std::move(more));
}

void Field::start_controller_on_tcp(Arguments more, const std::string& host) {
  controller_address_ = {"--host", host};
  for (const auto& line : start_controller(std::move(more)).lines()) {
    if (line.starts_with("ready on ")) port_ = static_cast<std::uint16_t>(std::stoi(line.substr(9)));
  }
  controller_address_ = {"--host", host, "--port", std::to_string(port_)};
  address_ = controller_address_;
}

Process& Field::start_callee(const std::string& name, Arguments more) {
  more.insert(more.end(), {"--serve", "yes"});
  more.insert(more.end(), address_.begin(), address_.end());
  return start(name, std::move(more));
}

Process& Field::start_caller(const std::string& kinds, Arguments more, const std::string& name) {
  more.insert(more.end(), {"--load", kinds});
  more.insert(more.end(), address_.begin(), address_.end());
  return start(name, std::move(more));
}

void Field::kill(const std::string& name) {
  killed_.insert(name + "." + std::to_string(process(name).pid()));
  process(name).send(SIGKILL);
  process(name).wait_for_exit();
  gone_.push_back(std::move(processes_.at(name)));
  processes_.erase(name);
}

std::string Field::stop(const std::string& name) {
  process(name).send(SIGTERM);
  const std::string counters = process(name).wait_for_line("stats ");
  EXPECT_EQ(process(name).wait_for_exit(), (Exit{0, 0})) << name;
  gone_.push_back(std::move(processes_.at(name)));
  processes_.erase(name);
  return counters;
}

void Field::finish(const std::string& name) {
  process(name).send(SIGUSR1);
  process(name).wait_for_line("finished");
}

void Field::await_calls(const std::string& name, std::uint64_t more) {
  std::uint64_t reached = 0;
  for (const auto& line : process(name).lines()) {
    if (line.starts_with("well ")) reached = std::stoull(line.substr(5));
  }
  const std::uint64_t wanted = reached + more;
  while (reached < wanted) reached = std::stoull(process(name).wait_for_line("well ").substr(5));
}

Verdict Field::judge(CheckOptions options) {
  judged_ = true;
  // Callers before callees, and the controller last: nobody is asked to end amid what it waits for.
  while (!processes_.empty()) {
    auto next = processes_.begin();
    for (auto each = processes_.begin(); each != processes_.end(); ++each) {
      if (next->first == "controller" || each->first.starts_with("caller")) next = each;
    }
    const std::string name = next->first;
    stop(name);
  }
  options.killed = killed_;
  Verdict verdict = check_ledgers(ledgers(), options);
  for (const auto& broken : verdict.broken) ADD_FAILURE() << broken;
  EXPECT_EQ(verdict.lost + verdict.doubled + verdict.overdue, 0u);
  std::cout << "  " << verdict.summary() << std::endl;
  for (const auto& [code, count] : verdict.errors) std::cout << "    error " << code << ": " << count << std::endl;
  add_to_totals(verdict);
  return verdict;
}

}  // namespace daffi::tests
