/// @file  The handshake, both ends against each other, and each against a peer that does not play by the rules.
#include "session/handshake.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "session/proof.hpp"
#include "session/registration.hpp"
#include "session/server_handshake.hpp"
#include "wire/preamble.hpp"

namespace daffi::session {
namespace {

using Kind = wire::Identity::Kind;

std::vector<std::byte> cookie_of(int seed) { return std::vector<std::byte>(32, static_cast<std::byte>(seed)); }

void move_bytes(wire::OutQueue& from, wire::FrameReader& to) {
  while (!from.empty()) {
    iovec piece{};
    ASSERT_EQ(from.gather({&piece, 1}), 1u);
    const auto space = to.space();
    const std::size_t count = std::min(space.size(), piece.iov_len);
    std::memcpy(space.data(), piece.iov_base, count);
    to.filled(count);
    from.consume(count);
  }
}

struct Outcome {
  bool client_done = false, server_done = false;
  std::optional<base::Failure> client_failure, server_failure;
};

// Both ends with the wire between them; either end may be told about another peer than the other.
struct Pair {
  explicit Pair(Secrets client_secrets = {}, AdmissionRules server_rules = {})
      : rules(std::move(server_rules)), secrets(std::move(client_secrets)) {
    client_peer.same_host = server_peer.same_host = true;
    client_peer.address = server_peer.address = "memory";
  }

  void open() {
    client = std::make_unique<ClientHandshake>(Presentation{.process_name = "shop", .instance_token = {std::byte{7}}},
                                               secrets, client_peer, [this] { return announced; });
    server = std::make_unique<ServerHandshake>(rules, server_peer);
    client->start(to_server);
  }

  // Lets both talk until neither has anything to say.
  Outcome run() {
    open();
    Outcome outcome;
    for (bool moved = true; moved;) {
      moved = !to_server.empty() || !to_client.empty();
      if (!to_server.empty()) serve(outcome);
      if (!to_client.empty()) consume(outcome);
    }
    return outcome;
  }

  void serve(Outcome& outcome) {
    move_bytes(to_server, server_reader);
    auto ready = server->on_preamble(server_reader);
    if (!ready) outcome.server_failure = std::move(ready).failure();
    while (!outcome.server_failure && !outcome.server_done) {
      auto frame = server_reader.next();
      ASSERT_TRUE(frame.ok());
      if (!frame->has_value()) return;
      auto taken = server->on_frame(**frame, to_client);
      if (!taken) {
        outcome.server_failure = std::move(taken).failure();
        wire::append_message(to_client, {}, wire::Close{server->close_reason(), outcome.server_failure->message});
      } else if (*taken) {
        outcome.server_done = true;
        wire::append_message(to_client, {}, wire::Welcome{.member_id = 5, .epoch = 9, .identity = server->identity()});
      }
    }
  }

  void consume(Outcome& outcome) {
    move_bytes(to_client, client_reader);
    while (!outcome.client_failure && !outcome.client_done) {
      auto frame = client_reader.next();
      ASSERT_TRUE(frame.ok());
      if (!frame->has_value()) return;
      auto taken = client->on_frame(**frame, to_server);
      if (!taken) {
        outcome.client_failure = std::move(taken).failure();
      } else {
        outcome.client_done = *taken;
      }
    }
  }

  AdmissionRules rules;
  Secrets secrets;
  net::PeerInfo client_peer, server_peer;  // what the one is told about the other
  wire::Register announced;
  wire::OutQueue to_server, to_client;
  wire::FrameReader server_reader, client_reader;
  std::unique_ptr<ClientHandshake> client;
  std::unique_ptr<ServerHandshake> server;
};

// One frame outside any connection.
struct LooseFrame {
  template <typename M>
  explicit LooseFrame(const M& message) : bytes(wire::encode(message)) {
    frame = {{.size = static_cast<std::uint32_t>(bytes.size()), .kind = M::kKind}, nullptr, bytes};
  }
  std::vector<std::byte> bytes;
  wire::Frame frame;
};

TEST(Handshake, AdmitsAnyoneWhereNothingIsAskedFor) {
  Pair pair;
  const Outcome outcome = pair.run();
  EXPECT_TRUE(outcome.client_done);
  EXPECT_EQ(pair.client->welcome().member_id, 5u);
  EXPECT_EQ(pair.server->hello().process_name, "shop");
  EXPECT_EQ(pair.server->identity().kind, Kind::none);
  EXPECT_FALSE(pair.client->controller_verified());
}

TEST(Handshake, SharedCookieVerifiesBothEndsAsTheSameUser) {
  Pair pair({.cookie = cookie_of(1)}, {.secrets = {.cookie = cookie_of(1)}});
  const Outcome outcome = pair.run();
  EXPECT_TRUE(outcome.client_done);
  EXPECT_EQ(pair.server->identity().kind, Kind::cookie);
  EXPECT_EQ(pair.server->identity().uid, ::geteuid());
  EXPECT_TRUE(same_user(pair.server->identity(), pair.client->controller()));
}

TEST(Handshake, AnotherUsersCookieLeavesBothUnverifiedButAdmitted) {
  Pair pair({.cookie = cookie_of(1)}, {.secrets = {.cookie = cookie_of(2)}});
  EXPECT_TRUE(pair.run().client_done);
  EXPECT_EQ(pair.server->identity().kind, Kind::none);
  EXPECT_FALSE(pair.client->controller_verified());
}

TEST(Handshake, CookieProvesNothingAcrossHosts) {
  Pair pair({.cookie = cookie_of(1)}, {.secrets = {.cookie = cookie_of(1)}});
  pair.server_peer.same_host = false;
  EXPECT_TRUE(pair.run().client_done);
  EXPECT_EQ(pair.server->identity().kind, Kind::none);
  EXPECT_FALSE(pair.client->controller_verified());
}

TEST(Handshake, KernelsWordCountsOnlyForTheSameUser) {
  Pair pair;
  pair.server_peer.uid = ::geteuid();
  pair.client_peer.uid = ::geteuid() + 1;
  EXPECT_TRUE(pair.run().client_done);
  EXPECT_EQ(pair.server->identity().kind, Kind::peercred);
  EXPECT_FALSE(pair.client->controller_verified()) << "a controller of another user";
}

TEST(Handshake, TokenIsAskedOfEverybody) {
  const AdmissionRules rules{.secrets = {.cookie = cookie_of(1), .token = "secret"}};
  Pair without({.cookie = cookie_of(1)}, rules);
  const Outcome refused = without.run();
  EXPECT_FALSE(refused.server_done);
  EXPECT_EQ(without.server->close_reason(), base::CloseReason::not_permitted);
  ASSERT_TRUE(refused.client_failure);
  EXPECT_EQ(refused.client_failure->code, ErrorCode::refused);
  EXPECT_EQ(without.client->close_reason(), base::CloseReason::not_permitted);
  EXPECT_NE(refused.client_failure->message.find("token"), std::string::npos);

  Pair with({.token = "secret"}, rules);
  with.server_peer.same_host = with.client_peer.same_host = false;
  EXPECT_TRUE(with.run().client_done);
  EXPECT_EQ(with.server->identity().kind, Kind::token);
  EXPECT_EQ(with.client->controller().kind, Kind::token);
}

TEST(Handshake, NodeWithATokenRefusesAControllerWithoutItAndShowsNothing) {
  for (const char* token : {"", "other"}) {
    Pair pair({.cookie = cookie_of(1), .token = "secret"}, {.secrets = {.cookie = cookie_of(1), .token = token}});
    const Outcome outcome = pair.run();
    ASSERT_TRUE(outcome.client_failure);
    EXPECT_EQ(outcome.client_failure->code, ErrorCode::refused);
    EXPECT_FALSE(outcome.server_done);
    EXPECT_FALSE(pair.server->identified()) << "no proof was sent";
  }
}

TEST(Handshake, CertificateStandsInForAProof) {
  Pair pair({}, {.require_proof = true, .tls_only = true});
  pair.server_peer.tls = true;
  pair.server_peer.certificate_verified = true;
  pair.server_peer.certificate_name = "node-1";
  pair.server_peer.same_host = false;
  EXPECT_TRUE(pair.run().client_done);
  const wire::Identity shown{
      .kind = Kind::certificate, .uid = wire::Identity::kNoUid, .text = "node-1", .certificate = "node-1"};
  EXPECT_EQ(pair.server->identity(), shown);
}

TEST(Handshake, WhereTlsIsAskedForOnlyTheVerifiedLocalUserMayComePlain) {
  const AdmissionRules rules{.secrets = {.cookie = cookie_of(1)}, .require_proof = true, .tls_only = true};
  Pair local({.cookie = cookie_of(1)}, rules);
  EXPECT_TRUE(local.run().client_done);

  Pair stranger({.cookie = cookie_of(2)}, rules);
  EXPECT_EQ(stranger.run().client_failure->code, ErrorCode::refused);

  Pair tls_without_certificate({}, rules);
  tls_without_certificate.server_peer.tls = true;
  EXPECT_EQ(tls_without_certificate.run().client_failure->code, ErrorCode::refused);
}

TEST(Handshake, ManyCallbacksArriveWholeOverSeveralFrames) {
  Pair pair;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    pair.announced.added.push_back(
        {.callback_id = i, .name = "callback_" + std::to_string(i), .descriptor = {}, .doc = std::string(200, 'd')});
  }
  pair.announced.flags = wire::Register::kDraining;
  EXPECT_TRUE(pair.run().client_done);
  EXPECT_EQ(pair.server->registrations(), pair.announced);
}

TEST(Handshake, TooManyCallbacksAreRefused) {
  Pair pair({}, {.max_callbacks = 10});
  for (std::uint32_t i = 0; i < 11; ++i) pair.announced.added.push_back({.callback_id = i, .name = "f"});
  ASSERT_TRUE(pair.run().client_failure);
  EXPECT_EQ(pair.server->close_reason(), base::CloseReason::too_many);
}

TEST(Handshake, AControllerWithoutTimeIsNotOneThatRefuses) {
  for (const auto reason : {base::CloseReason::handshake_timeout, base::CloseReason::controller_stopped}) {
    Pair pair;
    pair.open();
    const LooseFrame close(wire::Close{reason, "the handshake took too long"});
    const auto told = pair.client->on_frame(close.frame, pair.to_server);
    ASSERT_FALSE(told.ok());
    EXPECT_EQ(told.failure().code, ErrorCode::no_controller);  // which a node tries again after
  }
}

TEST(Handshake, AnotherMajorVersionIsToldSo) {
  Pair pair;
  pair.open();
  pair.to_server.clear();
  pair.to_server.append(base::Bytes(wire::encode_preamble(wire::kWireMajor + 1)));
  move_bytes(pair.to_server, pair.server_reader);
  const auto ready = pair.server->on_preamble(pair.server_reader);
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(ready.failure().code, ErrorCode::unsupported);
  EXPECT_EQ(pair.server->close_reason(), base::CloseReason::unsupported);

  const LooseFrame close(wire::Close{base::CloseReason::unsupported, "speaks 1"});
  const auto told = pair.client->on_frame(close.frame, pair.to_server);
  ASSERT_FALSE(told.ok());
  EXPECT_EQ(told.failure().code, ErrorCode::unsupported);
}

TEST(ServerHandshake, RefusesWhatIsNotOurProtocol) {
  const AdmissionRules rules;
  ServerHandshake server(rules, {});
  wire::FrameReader reader;
  wire::OutQueue bytes;
  bytes.append(base::as_bytes("GET / HTTP/1.1\r\n\r\n"));
  move_bytes(bytes, reader);
  const auto ready = server.on_preamble(reader);
  ASSERT_FALSE(ready.ok());
  EXPECT_EQ(server.close_reason(), base::CloseReason::protocol_error);
}

TEST(ServerHandshake, WaitsForTheWholePreamble) {
  const AdmissionRules rules;
  ServerHandshake server(rules, {});
  wire::FrameReader reader;
  wire::OutQueue bytes;
  for (const std::byte byte : wire::encode_preamble()) {
    const auto ready = server.on_preamble(reader);
    ASSERT_TRUE(ready.ok());
    EXPECT_FALSE(*ready);
    bytes.append(base::Bytes(&byte, 1));
    move_bytes(bytes, reader);
  }
  const auto ready = server.on_preamble(reader);
  ASSERT_TRUE(ready.ok());
  EXPECT_TRUE(*ready);
}

TEST(ServerHandshake, FramesOutOfTurnEndIt) {
  const AdmissionRules rules;
  const LooseFrame hello(wire::Hello{.process_name = "a"});
  const LooseFrame proof(wire::Proof{});
  const LooseFrame registration(wire::Register{});
  const LooseFrame nameless(wire::Hello{});
  const std::vector<std::vector<const LooseFrame*>> sequences = {
      {&proof}, {&registration}, {&hello, &hello}, {&hello, &registration}, {&hello, &proof, &proof}, {&nameless}};
  for (const auto& sequence : sequences) {
    ServerHandshake server(rules, {});
    wire::FrameReader reader;
    wire::OutQueue out, bytes;
    bytes.append(base::Bytes(wire::encode_preamble()));
    move_bytes(bytes, reader);
    ASSERT_TRUE(server.on_preamble(reader).ok());
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      const auto taken = server.on_frame(sequence[i]->frame, out);
      EXPECT_EQ(taken.ok(), i + 1 < sequence.size());
    }
    EXPECT_EQ(server.close_reason(), base::CloseReason::protocol_error);
  }
}

TEST(ServerHandshake, ProofOfOneConnectionIsWorthlessInAnother) {
  const AdmissionRules rules{.secrets = {.token = "secret"}};
  Pair first({.token = "secret"}, rules);
  first.open();
  Outcome outcome;
  first.serve(outcome);
  first.consume(outcome);
  wire::FrameReader overheard;
  move_bytes(first.to_server, overheard);
  auto proof = overheard.next();
  ASSERT_TRUE(proof.ok() && proof->has_value());
  ASSERT_EQ((*proof)->header.kind, wire::FrameKind::proof);

  Pair second({.token = "secret"}, rules);
  second.open();
  second.serve(outcome);
  const auto taken = second.server->on_frame(**proof, second.to_client);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(second.server->close_reason(), base::CloseReason::not_permitted);
}

TEST(ServerHandshake, ItsOwnProofSentBackIsWorthless) {
  const AdmissionRules rules{.secrets = {.token = "secret"}};
  Pair pair({.token = "secret"}, rules);
  pair.open();
  Outcome outcome;
  pair.serve(outcome);
  move_bytes(pair.to_client, pair.client_reader);
  auto frame = pair.client_reader.next();
  ASSERT_TRUE(frame.ok() && frame->has_value());
  const auto challenge = wire::decode<wire::Challenge>((*frame)->payload);
  ASSERT_TRUE(challenge.ok());
  const LooseFrame reflected(wire::Proof{.proofs = challenge->proofs});
  EXPECT_FALSE(pair.server->on_frame(reflected.frame, pair.to_client).ok());
}

TEST(ClientHandshake, RefusesNonsenseFromItsController) {
  for (const LooseFrame& nonsense : {LooseFrame(wire::Welcome{.member_id = 1, .epoch = 1}), LooseFrame(wire::Proof{}),
                                     LooseFrame(wire::Hello{}), LooseFrame(wire::Delta{})}) {
    Pair pair;
    pair.open();
    const auto taken = pair.client->on_frame(nonsense.frame, pair.to_server);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.failure().code, ErrorCode::protocol);
  }
}

TEST(ClientHandshake, KeepsTheReasonOfARefusal) {
  Pair pair;
  pair.open();
  const LooseFrame close(wire::Close{base::CloseReason::name_taken, "process name 'shop' is taken by memory"});
  const auto taken = pair.client->on_frame(close.frame, pair.to_server);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.failure().code, ErrorCode::name_taken);
  EXPECT_EQ(taken.failure().message, "process name 'shop' is taken by memory");
  EXPECT_EQ(pair.client->close_reason(), base::CloseReason::name_taken);
}

TEST(Registration, TooLongASignatureIsFoundBeforeItIsSent) {
  wire::Registration registration{.name = "f"};
  EXPECT_TRUE(check_registration(registration).ok());
  for (int i = 0; i < 200; ++i) registration.descriptor.parameters.push_back({.type = std::string(1000, 't')});
  EXPECT_EQ(check_registration(registration).failure().code, ErrorCode::too_large);
  EXPECT_FALSE(check_registration({}).ok()) << "no name";
}

TEST(Registration, SplitsIntoFramesThatFitAndLosesNothing) {
  wire::Register all;
  all.flags = wire::Register::kDraining;
  for (std::uint32_t i = 0; i < 100; ++i) all.removed.push_back(i);
  for (std::uint32_t i = 0; i < 100; ++i) {
    all.added.push_back({.callback_id = i, .name = "n", .doc = std::string(wire::kMaxDocText, 'x')});
  }
  const auto pieces = split_register(all, 0);
  EXPECT_TRUE(pieces.front().added.empty() && pieces.front().removed.empty());
  wire::Register joined;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_LE(wire::encode(pieces[i]).size(), wire::kMaxFramePayload);
    EXPECT_EQ(pieces[i].flags, i + 1 < pieces.size() ? wire::Register::kMore : wire::Register::kDraining);
    joined.removed.insert(joined.removed.end(), pieces[i].removed.begin(), pieces[i].removed.end());
    joined.added.insert(joined.added.end(), pieces[i].added.begin(), pieces[i].added.end());
  }
  joined.flags = all.flags;
  EXPECT_EQ(joined, all);
}

}  // namespace
}  // namespace daffi::session
