/// @file  The compiled halves of the typed shells: borrowed writers, results, errors, lazy calls.
#include <array>
#include <utility>

#include "base/log.hpp"
#include "base/per_thread.hpp"
#include "base/result.hpp"
#include "daffi/async_result.hpp"
#include "daffi/callback.hpp"
#include "daffi/detail/core.hpp"
#include "daffi/detail/fetch_arguments.hpp"
#include "daffi/detail/result.hpp"
#include "daffi/lazy_call.hpp"
#include "daffi/stream.hpp"

namespace daffi::inline v1 {

namespace detail {

namespace {
// Larger buffers go back to the system.
constexpr std::size_t max_kept = std::size_t{64} << 10;

// Those that nobody has borrowed; several, because encoding, or waiting in a test cluster, may nest calls.
struct FreeWriters {
  FreeWriters() = default;
  ~FreeWriters() {
    while (count > 0) delete all[--count];
  }
  FreeWriters(const FreeWriters&) = delete;
  FreeWriters& operator=(const FreeWriters&) = delete;
  std::array<Writer*, 4> all{};
  std::size_t count = 0;
};
FreeWriters& free_writers() { return base::PerThread<FreeWriters>::mine(); }
}  // namespace

Core::~Core() = default;
Registered::~Registered() = default;

std::shared_ptr<Core> lock_core(const std::weak_ptr<Core>& core) {
  auto locked = core.lock();
  if (!locked)
    base::throw_failure(
        base::fail(ErrorCode::stopped, "Global can no longer accept remote calls because it was stopped"));
  return locked;
}

Writer* ArgumentWriter::borrow(std::size_t headroom) {
  FreeWriters& free = free_writers();
  if (free.count == 0) return new Writer(headroom);
  Writer* const writer = free.all[--free.count];
  writer->clear(headroom);
  return writer;
}

void ArgumentWriter::give_back(Writer* writer) noexcept {
  FreeWriters& free = free_writers();
  if (free.count == free.all.size() || writer->capacity() > max_kept) return delete writer;
  writer->clear();  // what was lent goes now
  free.all[free.count++] = writer;
}

// Whatever is wrong with it, the callback has run.
void refuse_result(const Reader& reader, std::string_view func_name, const std::string& wanted) {
  const auto code = reader.malformed() ? ErrorCode::protocol : ErrorCode::result_mismatch;
  base::throw_failure(base::fail(
      code, "The result of function '" + std::string(func_name) + "' is not " + wanted + ": " + reader.error()));
}

void refuse_item(const Reader& reader, std::string_view func_name, const std::string& wanted) {
  const auto code = reader.malformed() ? ErrorCode::protocol : ErrorCode::result_mismatch;
  base::throw_failure(base::fail(
      code, "An item of function '" + std::string(func_name) + "' is not " + wanted + ": " + reader.error()));
}

void refuse_stream_modifier(std::string_view name) {
  base::throw_failure(base::fail(ErrorCode::invalid_modifier,
                                 "Fetcher of '" + std::string(name) + "' has a body that yields: it goes by FG or BG"));
}

void StreamBase::close() noexcept {
  if (const auto items = std::exchange(items_, nullptr)) items->close();
}

StreamBase& StreamBase::operator=(StreamBase&& other) noexcept {
  if (this == &other) return *this;
  close();
  items_ = std::move(other.items_);
  func_name_ = std::move(other.func_name_);
  used_ = other.used_;
  return *this;
}

void StreamBase::begin_use() {
  if (std::exchange(used_, true))
    base::throw_failure(
        base::fail(ErrorCode::invalid_modifier, "the stream of function '" + func_name_ + "' has already been used"));
}

ItemStream& StreamBase::items() const {
  if (!items_)
    base::throw_failure(base::fail(ErrorCode::invalid_modifier,
                                   "this Stream has nothing behind it: it was closed or moved from, or none was made"));
  return *items_;
}

ItemProducer::~ItemProducer() = default;
void ItemProducer::describe(CallSpec&) const {}
bool ItemProducer::ends_while_asked() const { return false; }
std::shared_ptr<CancelScope> ItemProducer::scope() const { return nullptr; }
ItemStream::~ItemStream() = default;

void refuse_loose_arguments(std::string_view name) {
  base::throw_failure(base::fail(
      ErrorCode::wrong_arguments,
      "Fetcher of '" + std::string(name) + "' has a body, so it takes its own parameters and no keyword arguments"));
}

const Reply& AsyncResultBase::wait(Duration limit) const {
  auto& call = pending();
  if (limit.is_zero()) return call.wait(std::nullopt);
  if (limit.is_negative())
    base::throw_failure(base::fail(ErrorCode::invalid_modifier, "timeout of get() must not be negative"));
  return call.wait(limit.nanoseconds());
}

void AsyncResultBase::run_when_done(std::function<void()> task) const {
  pending().on_done([task = std::move(task)] {
    try {
      task();
    } catch (const std::exception& error) {
      base::log(LogLevel::error, "global", std::string("AsyncResult::then() threw: ") + error.what());
    } catch (...) {
      base::log(LogLevel::error, "global", "AsyncResult::then() threw something that is no std::exception");
    }
  });
}

void AsyncResultBase::refuse_invalid() {
  base::throw_failure(base::fail(ErrorCode::invalid_modifier,
                                 "this AsyncResult has no call behind it: the call was made with return_result=false, "
                                 "or none was made"));
}

}  // namespace detail

detail::CallSpec detail::LazyArguments::prepare(CallSpec spec, Writer& arguments) const {
  spec.positional = positional_;
  spec.keywords = keywords_;
  arguments.raw(arguments_.payload());
  return spec;
}

Stream<Value> LazyStream::start(detail::CallSpec spec) const {
  detail::ArgumentWriter arguments;
  spec = prepare(std::move(spec), *arguments);
  return Stream<Value>(detail::lock_core(core_)->start_stream(spec, *arguments), name_);
}

Stream<Value> LazyStream::operator&(const FG& modifier) const { return start(detail::call_spec(name_, modifier)); }
Stream<Value> LazyStream::operator&(const BG& modifier) const { return start(detail::call_spec(name_, modifier)); }

Value LazyCall::operator&(const FG& modifier) const {
  detail::ArgumentWriter arguments;
  const auto spec = prepare(detail::call_spec(name_, modifier), *arguments);
  detail::Reply reply;
  detail::lock_core(core_)->call(spec, *arguments, reply);
  return detail::read_result<Value>(reply, name_);
}

Outcomes<Value> LazyCall::operator&(const BROADCAST& modifier) const {
  detail::ArgumentWriter arguments;
  const auto spec = prepare(detail::call_spec(name_, modifier), *arguments);
  detail::Reply reply;
  detail::lock_core(core_)->call(spec, *arguments, reply);
  return detail::read_result<Outcomes<Value>>(reply, name_);
}

AsyncResult<Outcomes<Value>> LazyCall::start(const BROADCAST& modifier) const {
  detail::ArgumentWriter arguments;
  auto spec = prepare(detail::call_spec(name_, modifier), *arguments);
  return AsyncResult<Outcomes<Value>>(
      detail::lock_core(core_)->start_call(std::make_shared<const detail::CallSpec>(std::move(spec)), *arguments));
}

AsyncResult<Value> LazyCall::operator&(const BG& modifier) const {
  detail::ArgumentWriter arguments;
  auto spec = prepare(detail::call_spec(name_, modifier), *arguments);
  return AsyncResult<Value>(
      detail::lock_core(core_)->start_call(std::make_shared<const detail::CallSpec>(std::move(spec)), *arguments));
}

ScheduledTask LazyCall::operator&(const PERIOD& modifier) const {
  detail::ArgumentWriter arguments;
  const auto spec = prepare(detail::call_spec(name_, modifier), *arguments);
  return detail::lock_core(core_)->schedule(spec, *arguments);
}

}  // namespace daffi::inline v1
