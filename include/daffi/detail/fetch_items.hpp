/// @file  The body of a Fetch that yields: its generator as a producer of calls' arguments.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daffi/args.hpp"
#include "daffi/detail/fetch_arguments.hpp"
#include "daffi/detail/generator_producer.hpp"

namespace daffi::inline v1::detail {

/// Keeps what the generator may refer to: the body and the arguments of the call, which may be over by then.
template <typename G, typename Body, typename... Params>
class BodyItems final : public ItemProducer {
 public:
  BodyItems(std::shared_ptr<const Body> body, const Params&... arguments)
      : body_(std::move(body)), arguments_(arguments...), items_(std::apply(*body_, arguments_)) {}

  Next next(Writer& item, const std::function<void()>& ready) override {
    return items_.next(ready, [&](const typename G::value_type& value) {
      with_arguments(value, [&](const auto&... arguments) {
        positional_ = positional_count<std::decay_t<decltype(arguments)>...>;
        if (positional_ != sizeof...(arguments)) keywords_ = keyword_names(arguments...);
        encode_arguments(item, arguments...);
      });
    });
  }
  std::shared_ptr<CancelScope> scope() const override { return items_.scope(); }
  void describe(CallSpec& spec) const override {
    spec.positional = positional_;
    spec.keywords = keywords_;
  }

 private:
  const std::shared_ptr<const Body> body_;
  const std::tuple<Params...> arguments_;
  Pulled<G> items_;
  std::size_t positional_ = 0;
  std::vector<std::string> keywords_;
};

template <typename G, typename Body, typename... Params>
std::function<std::unique_ptr<ItemProducer>(const Params&...)> items_of(Body body) {
  return [body = std::make_shared<const Body>(std::move(body))](const Params&... arguments) {
    return std::unique_ptr<ItemProducer>(std::make_unique<BodyItems<G, Body, Params...>>(body, arguments...));
  };
}

}  // namespace daffi::inline v1::detail
