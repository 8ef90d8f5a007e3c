/// @file  Modules as bytes, and calls into them without a wire.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daffi/args.hpp"
#include "rpc/code_runner.hpp"
#include "support/process.hpp"

namespace daffi::rpc {

inline std::vector<std::byte> module_bytes(std::string_view name) {
  std::ifstream file(tests::module_file(name), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << name;
  const auto bytes = base::as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

template <typename... Ts>
std::vector<std::byte> arguments_of(const Ts&... arguments) {
  Writer writer;
  encode_arguments(writer, arguments...);
  return {writer.payload().begin(), writer.payload().end()};
}

/// One call, as a handler sees it. Thread: the test's.
class FakeInvocation final : public detail::Invocation {
 public:
  explicit FakeInvocation(std::vector<std::byte> bytes = {}) : bytes_(std::move(bytes)), reader_(bytes_) {}
  Reader& arguments() override { return reader_; }
  CallContext& context() override { return context_; }
  Writer& result() override { return result_; }
  void reject_arguments(std::string why) override { rejected = std::move(why); }
  std::shared_ptr<detail::Responder> defer() override { return nullptr; }
  void stream(std::unique_ptr<detail::ItemProducer>) override { ADD_FAILURE() << "no module yields"; }
  template <typename T>
  T get() {
    Reader reader(result_.payload());
    T value{};
    EXPECT_TRUE(Codec<T>::read(reader, value) && reader.expect_end()) << reader.error();
    return value;
  }

  std::stop_source stop;
  std::optional<std::string> rejected;

 private:
  std::vector<std::byte> bytes_;
  Reader reader_;
  CallContext context_{"caller", std::nullopt, stop.get_token()};
  Writer result_{detail::kResultHeadroom};
};

/// What a runner refuses a call with.
template <typename Run>
base::Failure refusal_of(Run run) {
  try {
    run();
  } catch (const SystemRefusal& refusal) {
    return refusal.failure;
  }
  ADD_FAILURE() << "it was not refused";
  return {};
}

}  // namespace daffi::rpc
