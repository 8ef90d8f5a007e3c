/// @file  Aggregates: hostile maps, the rule for missing fields, names and counts from both compilers.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <unordered_map>

#include "daffi/codec.hpp"
#include "support/hex.hpp"

namespace aggregate_test {

enum class Size { small, large };

struct Address {
  std::string street;
  int number;
};

struct Options {
  bool verbose = false;
  int level = 0;
  std::optional<std::string> log;
};

struct Order {
  std::string customer;
  int count;
  Size size = Size::small;
  double price = 0;
  std::string unit = "kg";
  std::string note = "";
  std::optional<Address> address;
  Options options;
  std::map<std::string, int> extras;
  std::array<int, 2> corner = {0, 0};
  std::array<int, 2> other;
  std::uint8_t painted = 0xa5;
  std::chrono::seconds wait{5};
  std::variant<int, std::string> either = "x";
};

struct Empty {};

struct Wide {
  int f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16;
  int f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32;
};

struct Node {
  int value;
  std::vector<Node> children;
};

template <typename T>
struct Box {
  T held;
};

}  // namespace aggregate_test

namespace daffi {
namespace {

using namespace aggregate_test;
using testing::hex;

// A map with these names, each with the encoded value.
Writer map_of(std::initializer_list<std::pair<const char*, int>> entries) {
  Writer writer;
  writer.map(entries.size());
  for (const auto& [name, value] : entries) {
    writer.text(name);
    writer.integer(value);
  }
  return writer;
}

template <typename T>
std::string error_of(const Writer& writer) {
  Reader reader(writer.payload());
  T value{};
  return Codec<T>::read(reader, value) ? "no error" : reader.error();
}

template <typename T>
std::string encoded(const T& value) {
  Writer writer;
  Codec<T>::write(writer, value);
  return hex(writer.payload());
}

TEST(AggregateRefuses, MissingAndDuplicateFields) {
  EXPECT_EQ(error_of<Address>(map_of({{"number", 1}})), "missing field 'street'");
  EXPECT_EQ(error_of<Wide>(map_of({{"f01", 1}, {"f01", 2}})), "f01: duplicate key");
  EXPECT_EQ(error_of<Wide>(map_of({{"f01", 1}})), "missing field 'f02'");
}

TEST(AggregateRefuses, AFieldOfAnotherTypeByItsPath) {
  Writer writer;
  writer.map(1);
  writer.text("address");
  writer.map(1);
  writer.text("street");
  writer.nil();
  EXPECT_EQ(error_of<Order>(writer), "address.street: expected str, got nil");
}

TEST(AggregateRefuses, EveryTruncation) {
  Writer writer;
  Order sent{};
  sent.customer = "x";
  sent.count = 1000;
  Codec<Order>::write(writer, sent);
  for (std::size_t size = 0; size < writer.size(); ++size) {
    Reader reader(writer.payload().first(size));
    Order order{};
    EXPECT_FALSE(Codec<Order>::read(reader, order)) << size;
  }
  EXPECT_EQ(error_of<Order>(writer), "no error");
}

TEST(AggregateRefuses, TreesThatAreTooDeep) {
  Node leaf{1, {}};
  Node deep = leaf;
  for (unsigned i = 0; i < max_depth; ++i) {
    Node outer{1, {}};
    outer.children.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_ANY_THROW(encoded(deep));
  Writer writer;
  for (unsigned i = 0; i < max_depth; ++i) {
    writer.map(2);
    writer.text("value");
    writer.integer(1);
    writer.text("children");
    writer.array(1);
  }
  writer.nil();
  std::string error = error_of<Node>(writer);
  EXPECT_NE(error.find(": nested too deep"), std::string::npos) << error;
}

TEST(AggregateMissing, IsDecidedByWhatTheInitialiserShows) {
  auto bit = [](int i) { return std::uint32_t{1} << i; };
  std::uint32_t bits = detail::default_bits<Order>();
  EXPECT_FALSE(bits & bit(0)) << "customer: no initialiser";
  EXPECT_FALSE(bits & bit(1)) << "count: no initialiser";
  EXPECT_TRUE(bits & bit(2)) << "size: an enumeration's initialiser shows, zero or not";
  EXPECT_TRUE(bits & bit(3)) << "price: so does a number's";
  EXPECT_TRUE(bits & bit(4)) << "unit: differs from an empty string";
  EXPECT_FALSE(bits & bit(5)) << "note: an empty initialiser of a class cannot be seen";
  EXPECT_TRUE(bits & bit(6)) << "address: optional";
  EXPECT_TRUE(bits & bit(7)) << "options: every field of it may be missing";
  EXPECT_FALSE(bits & bit(8)) << "extras: no initialiser";
  EXPECT_TRUE(bits & bit(9)) << "corner: an array's initialiser shows";
  EXPECT_FALSE(bits & bit(10)) << "other: no initialiser";
  EXPECT_TRUE(bits & bit(11)) << "painted: even when it looks like the paint";
  EXPECT_TRUE(bits & bit(12)) << "wait";
  EXPECT_TRUE(bits & bit(13)) << "either";
}

TEST(AggregateMissing, KeepsTheDefault) {
  Writer writer;
  writer.map(4);
  for (const char* name : {"customer", "note"}) {
    writer.text(name);
    writer.text("c");
  }
  writer.text("count");
  writer.integer(2);
  writer.text("extras");
  writer.map(0);
  EXPECT_EQ(error_of<Order>(writer), "missing field 'other'");
  Writer full(std::move(writer));
  full.text("other");  // one entry more than the head says: patch the head
  full.array(2);
  full.integer(7);
  full.integer(8);
  std::vector<std::byte> bytes(full.payload().begin(), full.payload().end());
  bytes[0] = std::byte{0x85};
  Reader reader(bytes);
  Order order{};
  ASSERT_TRUE(Codec<Order>::read(reader, order)) << reader.error();
  EXPECT_EQ(order.unit, "kg");
  EXPECT_EQ(order.painted, 0xa5);
  EXPECT_EQ(order.wait, std::chrono::seconds(5));
  EXPECT_FALSE(order.address.has_value());
  EXPECT_EQ(order.other[1], 8);
}

TEST(Aggregate, IsAMapByFieldNameInOrder) {
  EXPECT_EQ(encoded(Address{"a", 1}), "82a6737472656574a161a66e756d62657201");
  EXPECT_EQ(encoded(Empty{}), "80");
}

TEST(Aggregate, TakesFieldsInAnyOrderAndPassesOverUnknownOnes) {
  Writer writer;
  writer.map(4);
  writer.text("number");
  writer.integer(5);
  writer.text("unknown");
  Codec<std::map<std::string, std::vector<int>>>::write(writer, {{"x", {1, 2}}});
  writer.integer(17);  // a key that is no name
  writer.nil();
  writer.text("street");
  writer.text("Lane");
  Reader reader(writer.payload());
  Address address{};
  ASSERT_TRUE(Codec<Address>::read(reader, address)) << reader.error();
  EXPECT_EQ(address.street, "Lane");
  EXPECT_EQ(address.number, 5);
  EXPECT_TRUE(reader.expect_end());
}

TEST(Aggregate, HasUpToThirtyTwoFields) {
  EXPECT_EQ(detail::field_count<Wide>, 32u);
  Wide wide{};
  wide.f32 = 99;
  Writer writer;
  Codec<Wide>::write(writer, wide);
  Reader reader(writer.payload());
  Wide read{};
  ASSERT_TRUE(Codec<Wide>::read(reader, read));
  EXPECT_EQ(read.f32, 99);
  EXPECT_EQ((detail::field_name<Wide, 31>), "f32");
}

TEST(Aggregate, MayBeLocalNestedOrATemplate) {
  struct Local {
    int alpha;
    std::vector<Box<std::string>> boxes;
  };
  Local local{3, {{"x"}}};
  Writer writer;
  Codec<Local>::write(writer, local);
  EXPECT_EQ(hex(writer.payload()), "82a5616c70686103a5626f7865739181a468656c64a178");
  Reader reader(writer.payload());
  Local read{};
  ASSERT_TRUE(Codec<Local>::read(reader, read)) << reader.error();
  EXPECT_EQ(read.boxes[0].held, "x");
  EXPECT_EQ(type_name<Local>(), "Local");
  EXPECT_EQ(type_name<aggregate_test::Order>(), "Order");
}

}  // namespace
}  // namespace daffi
