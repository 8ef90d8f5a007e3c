/// @file  Callbacks of every kind, called across a cluster.
#include "daffi/callback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "daffi/testing.hpp"

namespace {

using daffi::testing::Cluster;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

int calculate_sum(daffi::Variadic<int> numbers) {
  int sum = 0;
  for (const int number : numbers) sum += number;
  return sum;
}
std::string greet(const std::string& name, std::string_view greeting) { return std::string(greeting) + ", " + name; }
void nothing() noexcept {}

struct Point {
  int x = 0;
  int y = 0;
};

class ShoppingService {
 public:
  const std::vector<std::string>& get_items() const { return items_; }
  void add_item(std::string item) { items_.push_back(std::move(item)); }
  int clear_items() noexcept {
    const int count = static_cast<int>(items_.size());
    items_.clear();
    return count;
  }
  static int version() { return 3; }
  int price(int count) const { return count * 2; }
  int price(const std::string&) { return 7; }
  daffi::Task<int> count_later() const { co_return static_cast<int>(items_.size()); }
  int not_listed() { return 1; }

  using callbacks =
      daffi::Methods<&ShoppingService::get_items, &ShoppingService::add_item,
                     daffi::method<&ShoppingService::clear_items, "empty">, &ShoppingService::version,
                     daffi::overload<int(int) const>(&ShoppingService::price), &ShoppingService::count_later>;

 private:
  std::vector<std::string> items_;
};

struct CallbackTest : testing::Test {
  Cluster cluster;
  daffi::Global& service = cluster.node("service");
  daffi::Global& client = cluster.node("client");

  template <typename... Ts>
  daffi::Value call(const std::string& name, const Ts&... arguments) {
    return client.call(name, arguments...) & daffi::FG{.timeout = 10s};
  }
  template <typename... Ts>
  daffi::Error failure(const std::string& name, const Ts&... arguments) {
    try {
      call(name, arguments...);
    } catch (const daffi::Error& error) {
      return error;
    }
    return daffi::Error(daffi::ErrorCode::system, "no error");
  }
};

TEST_F(CallbackTest, ThatThrowsIsAnErrorWithItsTypeAndWords) {
  service.callback("fail", [] { throw std::out_of_range("no such row"); });
  cluster.settle();
  const auto error = failure("fail");
  EXPECT_EQ(error.code(), daffi::ErrorCode::remote_error);
  EXPECT_THAT(error.message(), HasSubstr("'fail' on remote executor [service]. no such row"));
  ASSERT_NE(error.remote(), nullptr);
  EXPECT_EQ(error.remote()->type, "std::out_of_range");
  EXPECT_EQ(error.remote()->message, "no such row");
  EXPECT_EQ(error.remote()->process, "service");
  EXPECT_TRUE(error.may_have_run());
}

TEST_F(CallbackTest, ThatThrowsAnythingDoesNoHarm) {
  service.callback("fail", []() -> int { throw 5; });
  service.callback<&nothing>();
  cluster.settle();
  EXPECT_EQ(failure("fail").code(), daffi::ErrorCode::remote_error);
  EXPECT_TRUE(call("nothing").is_nil());
}

TEST_F(CallbackTest, CannotGiveWhatCannotBeEncoded) {
  service.callback("bad", [] { return std::string("\xff"); });
  service.callback("bad_later", []() -> daffi::Task<std::string> { co_return "\xff"; });
  cluster.settle();
  EXPECT_EQ(failure("bad").code(), daffi::ErrorCode::unencodable_result);
  EXPECT_EQ(failure("bad_later").code(), daffi::ErrorCode::unencodable_result);
}

TEST_F(CallbackTest, RefusesArgumentsOfAnotherTypeWithItsSignature) {
  service.callback<&greet>(daffi::params("name", "greeting"));
  cluster.settle();
  const auto error = failure("greet", 5, "Hello");
  EXPECT_EQ(error.code(), daffi::ErrorCode::remote_arguments);
  EXPECT_FALSE(error.may_have_run());
  EXPECT_THAT(error.message(), HasSubstr("argument 1 'name': expected str, got integer"));
  EXPECT_THAT(error.message(), HasSubstr("def greet(name: str, greeting: str) -> str"));
}

TEST_F(CallbackTest, RefusesKeywordsItHasNoNamesFor) {
  service.callback<&greet>();
  cluster.settle();
  const auto error = failure("greet", "Ann", daffi::kw("greeting", "Hi"));
  EXPECT_EQ(error.code(), daffi::ErrorCode::wrong_arguments);
}

TEST_F(CallbackTest, TakesKeywordsAndDefaultsOnceItsParametersHaveNames) {
  service.callback(
      "range",
      [](int begin, int end, int step) {
        return Point{begin + step, end};
      },
      daffi::params("begin", "end", daffi::arg("step") = 10));
  cluster.settle();
  const auto value = call("range", 1, daffi::kw("end", 5));
  EXPECT_EQ(value["x"].as<int>(), 11);
  EXPECT_EQ(value["y"].as<int>(), 5);
}

TEST_F(CallbackTest, MayTakeAnyNumberOfArguments) {
  service.callback<&calculate_sum>();
  cluster.settle();
  EXPECT_EQ(call("calculate_sum").as<int>(), 0);
  EXPECT_EQ(call("calculate_sum", 10, 20, 30).as<int>(), 60);
}

TEST_F(CallbackTest, GoesByItsAliasOnly) {
  service.callback<&calculate_sum>("sum", daffi::doc("Adds numbers."));
  cluster.settle();
  EXPECT_EQ(call("sum", 1, 2).as<int>(), 3);
  EXPECT_EQ(failure("calculate_sum", 1).code(), daffi::ErrorCode::unknown_callback);
  EXPECT_EQ(client.documentation("service", "sum"), "Adds numbers.");
}

TEST_F(CallbackTest, MayKeepStateOfItsOwn) {
  int base = 40;
  service.callback("add", [&base](int number) { return base += number; });
  cluster.settle();
  call("add", 1);
  EXPECT_EQ(call("add", 1).as<int>(), 42);
}

TEST_F(CallbackTest, LearnsWhoCallsAndHowMuchTimeIsLeft) {
  service.callback("who", [](daffi::CallContext& context, int) {
    const auto left = context.remaining();
    return context.caller() + (left && *left > 9s && *left <= 10s ? " in time" : " late");
  });
  cluster.settle();
  EXPECT_EQ(call("who", 1).as<std::string>(), "client in time");
}

TEST_F(CallbackTest, MayBeACoroutineThatCallsOthers) {
  client.callback("double", [](int number) { return number * 2; });
  daffi::Fetch<int(int), daffi::BG> twice(service, "double");
  service.callback("quadruple", [twice](int number) -> daffi::Task<int> {
    const int once = co_await twice(number);
    co_return co_await twice(once);
  });
  cluster.settle();
  EXPECT_EQ(call("quadruple", 10).as<int>(), 40);
}

TEST_F(CallbackTest, ThatIsACoroutineMayThrow) {
  service.callback("fail", [](int) -> daffi::Task<void> {
    throw std::runtime_error("later");
    co_return;
  });
  cluster.settle();
  EXPECT_EQ(failure("fail", 1).remote()->message, "later");
}

TEST_F(CallbackTest, MayBlockInACallToItsOwnCaller) {
  client.callback("name", [] { return std::string("Ann"); });
  daffi::Fetch<std::string()> name(service, "name");
  service.callback("greet", [name](std::string greeting) { return greeting + " " + name(); });
  cluster.settle();
  EXPECT_EQ(call("greet", "Hello").as<std::string>(), "Hello Ann");
}

TEST_F(CallbackTest, MethodsAreThoseListedUnderTheirNamesOrAliases) {
  service.serve(std::make_shared<ShoppingService>());
  cluster.settle();
  EXPECT_THAT(client.registered_callbacks()["service"],
              ElementsAre("get_items", "add_item", "empty", "version", "price", "count_later"));
  call("add_item", "orange");
  call("add_item", "bread");
  EXPECT_EQ(call("get_items").as<std::vector<std::string>>(), (std::vector<std::string>{"orange", "bread"}));
  EXPECT_EQ(call("count_later").as<int>(), 2);
  EXPECT_EQ(call("empty").as<int>(), 2);
  EXPECT_EQ(call("version").as<int>(), 3);
  EXPECT_EQ(call("price", 21).as<int>(), 42);
  EXPECT_EQ(failure("not_listed").code(), daffi::ErrorCode::unknown_callback);
}

TEST_F(CallbackTest, MethodsMayBeDescribed) {
  service.serve<ShoppingService>();
  service.serve(std::make_shared<ShoppingService>(),
                daffi::describe<&ShoppingService::add_item>(daffi::params("item"), daffi::doc("Puts it on the list.")));
  cluster.settle();
  call("add_item", daffi::kw("item", "tea"));
  EXPECT_EQ(call("get_items").as<std::vector<std::string>>(), std::vector<std::string>{"tea"});
  EXPECT_EQ(client.documentation("service", "add_item"), "Puts it on the list.");
}

TEST_F(CallbackTest, StaysWhenItsRegistrationIsDroppedAndGoesWhenToldTo) {
  const auto registration = service.callback("f", [] { return 1; });
  { const auto copy = registration; }
  cluster.settle();
  EXPECT_EQ(call("f").as<int>(), 1);
  registration.unregister();
  registration.unregister();
  cluster.settle();
  EXPECT_EQ(failure("f").code(), daffi::ErrorCode::unknown_callback);
}

TEST_F(CallbackTest, GoesWithItsScope) {
  {
    const daffi::ScopedRegistration scoped = service.callback("f", [] { return 1; });
    cluster.settle();
    EXPECT_EQ(call("f").as<int>(), 1);
  }
  cluster.settle();
  EXPECT_EQ(failure("f").code(), daffi::ErrorCode::unknown_callback);
}

TEST_F(CallbackTest, RegisteredLastWins) {
  const auto first = service.callback("f", [] { return 1; });
  service.callback("f", [] { return 2; });
  cluster.settle();
  EXPECT_EQ(call("f").as<int>(), 2);
  first.unregister();
  cluster.settle();
  EXPECT_EQ(call("f").as<int>(), 2);
}

TEST_F(CallbackTest, NeedsAName) {
  EXPECT_THROW(service.callback("", [] {}), daffi::InitializationError);
  EXPECT_THROW(service.callback(std::string(300, 'x'), [] {}), daffi::InitializationError);
  EXPECT_THROW(service.callback(
                   "f", [](int) {}, daffi::params("a", "b")),
               daffi::InitializationError);
}

TEST_F(CallbackTest, ShowsItsSignatureToTheOthers) {
  service.callback(
      "plus", [](int a, double b) { return a + b; }, daffi::params("a", daffi::arg("b") = 0.5));
  cluster.settle();
  for (const auto& member : client.members()) {
    if (member.process_name != "service") continue;
    ASSERT_EQ(member.callbacks.size(), 1u);
    EXPECT_EQ(member.callbacks[0].signature.text("plus"), "def plus(a: int, b: float = 0.5) -> float");
    EXPECT_EQ(member.language, "c++");
    EXPECT_FALSE(member.self);
  }
}

TEST(DefaultRegistry, ServesFromEveryGlobalNowAndLater) {
  Cluster cluster;
  auto& early = cluster.node("early");
  const daffi::ScopedRegistration registered = daffi::callback<&calculate_sum>("default_sum");
  const daffi::ScopedRegistration service = daffi::serve<ShoppingService>();
  auto& late = cluster.node("late");
  cluster.settle();
  EXPECT_EQ((late.call("default_sum", 1, 2) & daffi::FG{.receiver = "early"}).as<int>(), 3);
  EXPECT_EQ((early.call("default_sum", 1, 2) & daffi::FG{.receiver = "late"}).as<int>(), 3);
  late.call("add_item", "tea") & daffi::FG{};
  EXPECT_EQ((early.call("get_items") & daffi::FG{}).size(), 1u) << "one object serves them all";
}

TEST(DefaultRegistry, ForgetsWhatIsUnregistered) {
  Cluster cluster;
  auto& a = cluster.node("a");
  cluster.node("b");
  daffi::callback("gone", [] {}).unregister();
  cluster.settle();
  EXPECT_TRUE(a.registered_callbacks()["b"].empty());
}

/// What a callback keeps, whose end takes another callback back.
struct TakesBack {
  daffi::Registration other;
  ~TakesBack() { other.unregister(); }
};

TEST(DefaultRegistry, MayReplaceWhatUnregistersOthersAsItEnds) {
  Cluster cluster;
  auto& a = cluster.node("a");
  auto& b = cluster.node("b");
  auto kept = std::make_shared<TakesBack>(daffi::callback("other", [] {}));
  const auto replaced = a.callback("f", [kept] { return 1; });
  kept = nullptr;
  const daffi::ScopedRegistration mine = daffi::callback("f", [] { return 2; });
  cluster.settle();
  EXPECT_EQ((b.call("f") & daffi::FG{.receiver = "a"}).as<int>(), 2);
  EXPECT_THAT(b.registered_callbacks()["a"], ElementsAre("f"));
}

}  // namespace
