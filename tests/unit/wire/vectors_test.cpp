/// @file  Holds spec/vectors against the code: the bytes that every language must read and write alike.
///
/// After a deliberate change of the protocol, DAFFI_WRITE_VECTORS=1 in the environment makes these tests write the
/// files instead.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "unit/wire/json_messages.hpp"
#include "unit/wire/repository.hpp"
#include "unit/wire/samples.hpp"
#include "wire/preamble.hpp"

namespace daffi::wire {
namespace {

using Json = nlohmann::json;

// Compares the vectors of a file with what the code makes of the samples.
void expect_file(const std::string& name, const Json& made) {
  const std::filesystem::path path = repository() / "spec" / "vectors" / name;
  if (std::getenv("DAFFI_WRITE_VECTORS") != nullptr) {
    std::ofstream(path) << made.dump(2) << "\n";
    return;
  }
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  EXPECT_EQ(Json::parse(file), made) << name;
}

// A vector of one message, after seeing that its fields make the bytes and the bytes make the fields.
template <typename M>
Json vector_of(const std::string& name, const M& message) {
  const auto bytes = encode(message);
  const Json fields = message;
  EXPECT_EQ(encode(fields.get<M>()), bytes) << name;
  const auto decoded = decode<M>(bytes);
  EXPECT_TRUE(decoded.ok()) << name;
  if (decoded.ok()) {
    EXPECT_EQ(Json(*decoded), fields) << name;
  }
  return {{"name", name}, {"frame", to_string(M::kKind)}, {"fields", fields}, {"payload", to_hex(bytes)}};
}

TEST(Vectors, OfTheHandshakeHold) {
  expect_file("handshake.json",
              Json::array({vector_of("hello", samples::hello()), vector_of("empty hello", Hello{}),
                           vector_of("challenge", samples::challenge()), vector_of("proof", samples::proof()),
                           vector_of("proof of nothing", Proof{}), vector_of("welcome", samples::welcome()),
                           vector_of("goodbye", samples::goodbye())}));
}

TEST(Vectors, OfTheDirectoryHold) {
  expect_file("directory.json",
              Json::array({vector_of("register", samples::announcement()), vector_of("snapshot", samples::snapshot()),
                           vector_of("empty snapshot", Snapshot{}), vector_of("delta", samples::delta()),
                           vector_of("describe", samples::describe()), vector_of("described", samples::described())}));
}

TEST(Vectors, OfCallsHold) {
  Json made = Json::array();
  std::array<std::byte, kCallHeadSize> head;
  const CallHead call{.callback_id = 7, .remaining_ms = 1500, .flags = CallHead::kNoReply};
  encode_call_head(call, head);
  made.push_back({{"name", "call head"}, {"frame", "call"}, {"fields", call}, {"payload", to_hex(head)}});

  const RemoteException raised{"ValueError", "no such item", "line 1\nline 2", "python", "shop"};
  const base::Failure failure{ErrorCode::remote_error, "failed", std::make_shared<RemoteException>(raised)};
  made.push_back({{"name", "error of the callback"},
                  {"frame", "error"},
                  {"fields",
                   {{"code", 10},
                    {"message", "failed"},
                    {"remote",
                     {{"type", raised.type},
                      {"message", raised.message},
                      {"trace", raised.trace},
                      {"language", raised.language},
                      {"process", raised.process}}}}},
                  {"payload", to_hex(encode_error(failure))}});
  made.push_back({{"name", "error without a callback"},
                  {"frame", "error"},
                  {"fields", {{"code", 26}, {"message", "full"}, {"remote", nullptr}}},
                  {"payload", to_hex(encode_error(base::fail(ErrorCode::busy, "full")))}});
  made.push_back({{"name", "refused call"},
                  {"frame", "refuse"},
                  {"fields", {{"code", 27}, {"text", "stopping"}, {"call", to_hex(head)}}},
                  {"payload", to_hex(encode_return_head(ErrorCode::draining, "stopping")) + to_hex(head)}});

  const CallHead unaddressed{.callback_id = 0, .remaining_ms = CallHead::kNoLimit};
  encode_call_head(unaddressed, head);
  made.push_back({{"name", "broadcast"},
                  {"frame", "broadcast"},
                  {"fields", {{"name", "get_menu"}, {"call", unaddressed}, {"arguments", "9080"}}},
                  {"payload", to_hex(encode_broadcast_head("get_menu")) + to_hex(head) + "9080"}});
  made.push_back(vector_of("sent to", samples::sent_to()));
  made.push_back(vector_of("sent to nobody", SentTo{}));
  expect_file("calls.json", made);
}

Json frame_vector(const std::string& name, const Header& header, base::Bytes payload) {
  std::array<std::byte, kHeaderSize> encoded;
  encode_header(header, encoded);
  const Json fields = {{"size", header.size},   {"kind", header.kind},     {"flags", header.flags},
                       {"epoch", header.epoch}, {"member", header.member}, {"id", std::to_string(header.id)}};
  return {{"name", name}, {"header", fields}, {"bytes", to_hex(encoded) + to_hex(payload)}};
}

// What a stream is made of, one way and the other.
TEST(Vectors, OfStreamsHold) {
  const Header item{.size = 1, .kind = FrameKind::item, .flags = kFromCallee, .epoch = 2, .member = 1, .id = 9};
  const Header fed{.size = 3, .kind = FrameKind::item, .epoch = 2, .member = 3, .id = 10};
  std::array<std::byte, kTotalSize + 3> part{};
  encode_total(5, std::span(part).first<kTotalSize>());
  std::ranges::copy(base::as_bytes("hel"), part.begin() + kTotalSize);
  const Header first_part{
      .size = sizeof part, .kind = FrameKind::item, .flags = kPart, .epoch = 2, .member = 3, .id = 10};
  const Header last_part{.size = 2, .kind = FrameKind::item, .epoch = 2, .member = 3, .id = 10};
  const Header end{.kind = FrameKind::end, .flags = kFromCallee, .epoch = 2, .member = 1, .id = 9};
  const auto why = encode_error(base::fail(ErrorCode::result_too_large, "too large"));
  const Header broken{.size = static_cast<std::uint32_t>(why.size()),
                      .kind = FrameKind::end,
                      .flags = kFromCallee,
                      .epoch = 2,
                      .member = 1,
                      .id = 9};
  // 256 KiB and 100 items.
  constexpr std::array granted = {std::byte{0},   std::byte{0}, std::byte{4}, std::byte{0},
                                  std::byte{100}, std::byte{0}, std::byte{0}, std::byte{0}};
  const Header credit{.size = sizeof granted, .kind = FrameKind::credit, .epoch = 2, .member = 3, .id = 9};
  expect_file("streams.json", Json::array({frame_vector("item of a callback", item, base::as_bytes("\x07")),
                                           frame_vector("item of a fetcher", fed, base::as_bytes("\x91\x07\x80")),
                                           frame_vector("first part of an item", first_part, part),
                                           frame_vector("last part of an item", last_part, base::as_bytes("lo")),
                                           frame_vector("end of a complete stream", end, {}),
                                           frame_vector("end of a stream that broke off", broken, why),
                                           frame_vector("credit for a callback's items", credit, granted)}));
}

// Among them the frames whose bytes spec/wire.md explains.
TEST(Vectors, OfFramesHold) {
  const Header call{.size = 5, .kind = FrameKind::call, .flags = 1, .epoch = 2, .member = 3, .id = 0x0807060504030201};
  const auto goodbye = encode(samples::goodbye());
  const Header close{.size = static_cast<std::uint32_t>(goodbye.size()), .kind = FrameKind::close, .epoch = 2};
  std::array<std::byte, kCallHeadSize + kTotalSize> announced{};
  encode_call_head({.callback_id = 5}, std::span(announced).first<kCallHeadSize>());
  encode_total(100'000, std::span(announced).last<kTotalSize>());
  const Header announcement{
      .size = sizeof announced, .kind = FrameKind::call, .flags = kChunked, .epoch = 2, .member = 3, .id = 9};
  const Header chunk{.size = 5, .kind = FrameKind::chunk, .epoch = 2, .member = 3, .id = 9};
  std::array<std::byte, kTotalSize> total;
  encode_total(100'000, total);
  const Header result{
      .size = sizeof total, .kind = FrameKind::result, .flags = kChunked, .epoch = 2, .member = 1, .id = 9};
  const Json frames = Json::array({frame_vector("call with five bytes", call, base::as_bytes("hello")),
                                   frame_vector("goodbye", close, goodbye),
                                   frame_vector("call announcing its arguments", announcement, announced),
                                   frame_vector("chunk of five bytes", chunk, base::as_bytes("hello")),
                                   frame_vector("result announced", result, total)});
  expect_file("frames.json", {{"preamble", to_hex(encode_preamble())}, {"frames", frames}});

  std::ifstream file(repository() / "spec" / "wire.md");
  std::string page((std::istreambuf_iterator<char>(file)), {});
  std::erase_if(page, [](char c) { return c == ' ' || c == '\n'; });
  // The chunk and the result are not explained there.
  for (const Json& frame : {frames[0], frames[1], frames[2]}) {
    EXPECT_NE(page.find(frame.at("bytes").get<std::string>()), std::string::npos) << frame.at("name");
  }
}

}  // namespace
}  // namespace daffi::wire
