/// @file  What is said about scheduled tasks: read back as it was written, and refused when it cannot be.
#include "rpc/schedule_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace daffi::rpc {
namespace {

using testing::HasSubstr;

std::vector<std::byte> arguments_of(int a) {
  Writer writer;
  writer.array(1);
  writer.integer(a);
  writer.map(0);
  const auto bytes = writer.payload();
  return {bytes.begin(), bytes.end()};
}

base::Result<ReceivedRequest> read_back(const ScheduleRequest& request, base::Bytes arguments, Writer& writer) {
  write_schedule_request(writer, request, arguments);
  Reader reader(writer.payload());
  return read_schedule_request(reader);
}

std::string refusal(const ScheduleRequest& request) {
  Writer writer;
  const auto read = read_back(request, arguments_of(1), writer);
  return read.ok() ? "" : read.failure().message;
}

TEST(ScheduleRequest, ComesBackWithItsArguments) {
  for (const auto& request : {ScheduleRequest{"f", {5, 7, 6}, 0}, ScheduleRequest{"g", {}, 1'000'000}}) {
    Writer writer;
    const auto arguments = arguments_of(300);
    const auto read = read_back(request, arguments, writer);
    ASSERT_TRUE(read.ok()) << read.failure().message;
    EXPECT_EQ(read->request, request);
    EXPECT_TRUE(std::ranges::equal(read->arguments, arguments));
  }
}

TEST(ScheduleRequest, NeedsExactlyOneOfTheTwo) {
  EXPECT_THAT(refusal({"f", {}, 0}), HasSubstr("not both"));
  EXPECT_THAT(refusal({"f", {5}, 1'000'000}), HasSubstr("not both"));
}

TEST(ScheduleRequest, RefusesTimesThatAreNone) {
  EXPECT_THAT(refusal({"f", {5, 0}, 0}), HasSubstr("before 1970"));
  EXPECT_THAT(refusal({"f", {}, 999'999}), HasSubstr("millisecond"));
  EXPECT_THAT(refusal({"f", {}, -5'000'000}), HasSubstr("millisecond"));
  EXPECT_THAT(refusal({"f", {}, kMaxInterval.count() + 1}), HasSubstr("hundred years"));
  EXPECT_THAT(refusal({"f", std::vector<std::int64_t>(1001, 5), 0}), HasSubstr("1001"));
  EXPECT_EQ(refusal({"f", std::vector<std::int64_t>(1000, 5), 0}), "");
}

TEST(ScheduleRequest, RefusesNamesThatAreNone) {
  EXPECT_THAT(refusal({"", {5}, 0}), HasSubstr("name"));
  EXPECT_THAT(refusal({std::string(257, 'x'), {5}, 0}), HasSubstr("name"));
}

TEST(ScheduleRequest, RefusesWhatIsNoArguments) {
  for (const std::vector<std::byte>& wrong : {std::vector<std::byte>{},
                                              {std::byte{0x90}},
                                              {std::byte{0x80}, std::byte{0x90}},
                                              {std::byte{0x90}, std::byte{0x80}, std::byte{0xc0}},
                                              {std::byte{0x91}, std::byte{0x80}}}) {
    Writer writer;
    EXPECT_EQ(read_back({"f", {5}, 0}, wrong, writer).failure().code, ErrorCode::malformed);
  }
}

TEST(TaskRecord, WithMomentsOutOfOrderIsRefused) {
  TaskRecord record{.uuid = "u", .callback = "f", .at = {5, 6}, .scheduler = "s"};
  ASSERT_TRUE(decode_record(encode_record(record)).ok());
  EXPECT_EQ(*decode_record(encode_record(record)), record);
  record.at = {6, 5};
  EXPECT_FALSE(decode_record(encode_record(record)).ok());
  record.at = {5};
  record.identity_kind = 9;
  EXPECT_FALSE(decode_record(encode_record(record)).ok());
}

}  // namespace
}  // namespace daffi::rpc
