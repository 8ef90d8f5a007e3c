/// @file  Generators as producers of encoded items.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <utility>

#include "daffi/codec.hpp"
#include "daffi/detail/item_stream.hpp"
#include "daffi/generator.hpp"
#include "daffi/task.hpp"

namespace daffi::inline v1::detail {

/// Asks a generator for its items, whichever kind it is; `take` writes one. Threads: one at a time.
template <typename T>
class Pulled;

template <typename T>
class Pulled<Generator<T>> {
 public:
  explicit Pulled(Generator<T> generator) : generator_(std::move(generator)) {}

  template <typename Take>
  ItemProducer::Next next(const std::function<void()>&, Take&& take) {
    const T* item = generator_.next();
    if (item == nullptr) return ItemProducer::Next::complete;
    take(*item);
    return ItemProducer::Next::item;
  }
  std::shared_ptr<CancelScope> scope() const { return nullptr; }

 private:
  Generator<T> generator_;
};

template <typename T>
class Pulled<AsyncGenerator<T>> {
 public:
  explicit Pulled(AsyncGenerator<T> generator) : generator_(std::move(generator)) {}

  template <typename Take>
  ItemProducer::Next next(const std::function<void()>& ready, Take&& take) {
    if (state_.load() == State::idle) {
      state_.store(State::asked);
      ready_ = ready;
      ask(*this);
      State asked = State::asked;
      if (state_.compare_exchange_strong(asked, State::awaited)) return ItemProducer::Next::later;
    }
    state_.store(State::idle);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if (item_ == nullptr) return ItemProducer::Next::complete;
    take(*item_);
    return ItemProducer::Next::item;
  }
  std::shared_ptr<CancelScope> scope() const { return scope_; }

 private:
  enum class State { idle, asked, awaited, answered };

  static Detached ask(Pulled& self) {
    const T* item = nullptr;
    std::exception_ptr error;
    co_await EnterScope{self.scope_};
    try {
      item = co_await self.generator_.next();
    } catch (...) {
      error = std::current_exception();
    }
    self.item_ = item;
    self.error_ = std::move(error);
    // As soon as it is answered, `self` may be asked again or be gone.
    const auto ready = std::move(self.ready_);
    if (self.state_.exchange(State::answered) == State::awaited) ready();
  }

  const std::shared_ptr<CancelScope> scope_ = CancelScope::make();
  AsyncGenerator<T> generator_;
  std::function<void()> ready_;
  const T* item_ = nullptr;
  std::exception_ptr error_;
  std::atomic<State> state_{State::idle};
};

}  // namespace daffi::inline v1::detail
