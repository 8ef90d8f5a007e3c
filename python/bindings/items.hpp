/// @file  Generators of Python as producers of items: results of a callback, or arguments of many calls.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>

#include "daffi/call_context.hpp"
#include "daffi/detail/item_stream.hpp"
#include "gil.hpp"
#include "handlers.hpp"
#include "values.hpp"

namespace daffi::python {

/// How one item is written, and what becomes of the exception that ends a generator. Threads: one at a time, with the
/// GIL.
class ItemForm {
 public:
  virtual ~ItemForm() = default;
  /// Throws PythonError.
  virtual void write(Writer& item, PyObject* value) = 0;
  /// Throws what the core is to know of the Python exception that is set; `encoding`: write() has set it.
  [[noreturn]] virtual void raise(bool encoding) = 0;
  /// Of the item written last.
  virtual void describe(detail::CallSpec&) const {}
};

/// Items that answer a call of `callback` by `caller`.
std::unique_ptr<ItemForm> results_of(std::string callback, std::shared_ptr<Home> home, std::string caller);
/// Items that are each the arguments of one call of `callback`.
std::unique_ptr<ItemForm> arguments_of(std::string callback, std::string receiver, std::shared_ptr<Home> home);

/// The exception that the body of a fetcher raised, on its way through the core to whoever called it. Value.
class BodyRaised final : public std::exception {
 public:
  explicit BodyRaised(Shared exception) : exception_(std::move(exception)) {}
  /// Sets it again. Needs the GIL.
  void restore() const;
  const char* what() const noexcept override { return "an exception of Python"; }

 private:
  Shared exception_;
};

/// A producer of a generator's items. `context`: of the call it answers, for current_call(). Needs the GIL.
std::unique_ptr<detail::ItemProducer> produce(nanobind::object generator, std::unique_ptr<ItemForm> form,
                                              std::optional<CallContext> context);
/// The same of an asynchronous generator: it runs ahead on its event loop, by a few items.
std::unique_ptr<detail::ItemProducer> produce_async(nanobind::object generator, std::unique_ptr<ItemForm> form,
                                                    std::optional<CallContext> context);

/// Adds ItemSink to the module, and set_args_type, set_generator_runner.
void bind_items(nanobind::module_& module);

}  // namespace daffi::python
