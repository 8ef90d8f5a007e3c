/// @file  A Global for Python: its life, its calls, what it knows of others.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daffi/broadcast.hpp"
#include "daffi/global.hpp"
#include "handlers.hpp"
#include "home.hpp"

namespace daffi::python {

/// How calls by one modifier are made; used for many calls. Value.
struct PySpec {
  detail::CallSpec spec;

  /// The same for calls of a callback with so many arguments, none of them by keyword; the last one is kept, as a
  /// fetcher asks for the same again and again. Needs the GIL.
  const detail::SharedSpec& shared(nanobind::handle name, std::size_t positional) const;

 private:
  mutable nanobind::object last_name_;
  mutable detail::SharedSpec last_;
};

/// Threads: any that hold the GIL; where it blocks it gives the GIL up.
class PyCore : public std::enable_shared_from_this<PyCore> {
 public:
  PyCore() : home_(std::make_shared<Home>()) {}
  ~PyCore() { close(); }
  PyCore(const PyCore&) = delete;
  PyCore& operator=(const PyCore&) = delete;

  // ---- its life

  void start(nanobind::dict given, const std::vector<std::shared_ptr<PyHandler>>& handlers);
  void stop(std::optional<std::int64_t> limit);
  /// Ends all its threads; to be stopped before.
  void close();
  /// The child of a fork has none of its threads: it is neither used nor destroyed any more.
  void abandon();
  std::uint32_t add(const std::shared_ptr<PyHandler>& handler);
  void remove(std::uint32_t id);

  // ---- calls; a callback that yields gives a stream

  nanobind::object call(nanobind::str name, nanobind::tuple positional, nanobind::handle keywords, const PySpec& how);
  nanobind::object start_call(nanobind::str name, nanobind::tuple positional, nanobind::handle keywords,
                              const PySpec& how);
  /// Each item of the generator is a call. `asynchronous`: it is an asynchronous one, and `wait` is false.
  nanobind::object feed(nanobind::str name, nanobind::object generator, const PySpec& how, bool asynchronous,
                        bool wait);
  /// (uuid, process)
  nanobind::tuple schedule(nanobind::str name, nanobind::tuple positional, nanobind::handle keywords,
                           const PySpec& how);
  /// Runs a function that was dumped: its name, its bytes.
  nanobind::object transfer(nanobind::str process, nanobind::str name, nanobind::bytes dumped,
                            nanobind::tuple positional, nanobind::handle keywords, const PySpec& how, bool yields,
                            bool wait);
  void wait_async(int subject, const std::string& name, std::int64_t timeout, nanobind::callable done);

  // ---- for its parts

  /// Throw GlobalContextError once it is stopped.
  Global& global();
  detail::Core& core();
  const std::shared_ptr<Home>& home() const { return home_; }
  nanobind::object read(const detail::Reply& reply);
  /// What each process answered: a dict of its name to its result or its error.
  nanobind::object read_gathered(const std::vector<detail::Gathered>& gathered);
  /// The TimeoutError of a broadcast, with what has arrived as its `results`.
  nanobind::object late(const BroadcastTimeout& error);

 private:
  detail::CallSpec prepare(nanobind::str name, nanobind::tuple positional, nanobind::handle keywords, const PySpec& how,
                           Writer& writer, bool lend = false);
  nanobind::object start_stream(const detail::CallSpec& spec, Writer& arguments);
  nanobind::object run(const detail::CallSpec& spec, Writer& arguments);
  nanobind::object begin(const detail::SharedSpec& spec, Writer& arguments);

  std::unique_ptr<Global> global_;
  Global* starting_ = nullptr;
  std::shared_ptr<detail::Core> kept_;
  const std::shared_ptr<Home> home_;
};

/// Adds Core to the module.
void bind_core(nanobind::module_& module);
/// Adds Pending, Stream and Spec.
void bind_calls(nanobind::module_& module);

}  // namespace daffi::python
