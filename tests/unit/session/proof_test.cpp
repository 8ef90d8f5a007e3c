/// @file  What a peer has proved, and how far a controller's stamps on others are believed.
#include "session/proof.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace daffi::session {
namespace {

using Kind = wire::Identity::Kind;

constexpr std::uint32_t kUser = 1000;
const wire::Identity kNobody{};
const wire::Identity kKernel{Kind::peercred, kUser, "host"};
const wire::Identity kCookie{Kind::cookie, kUser, "host"};
const wire::Identity kCookieOverTls{Kind::cookie, kUser, "host", true};
const wire::Identity kToken{Kind::token, wire::Identity::kNoUid, "10.0.0.1"};
const wire::Identity kCertificate{Kind::certificate, wire::Identity::kNoUid, "kitchen"};

TEST(OverTls, IsWhoShowedACertificateWhateverElse) {
  EXPECT_TRUE(over_tls(kCertificate));
  EXPECT_TRUE(over_tls(kCookieOverTls));
  for (const auto& other : {kNobody, kKernel, kCookie, kToken}) EXPECT_FALSE(over_tls(other));
}

TEST(TrustIn, IsAsStrongAsTheControllersOwnProof) {
  EXPECT_EQ(trust_in(kNobody), Trust::none);
  EXPECT_EQ(trust_in(kToken), Trust::token);
  EXPECT_EQ(trust_in(kCertificate), Trust::certificate);
  EXPECT_EQ(trust_in(kKernel), Trust::local_user);
  EXPECT_EQ(trust_in(kCookie), Trust::local_user);
  EXPECT_EQ(trust_in(kCookieOverTls), Trust::local_user);
}

TEST(TrustIn, ATokenOverTlsIsACertificate) {
  wire::Identity both = kToken;
  both.over_tls = true;
  EXPECT_EQ(trust_in(both), Trust::certificate);
}

TEST(Believed, IsEverythingOfTheOwnUsersController) {
  for (const auto& stamp : {kNobody, kKernel, kCookie, kCookieOverTls, kToken, kCertificate}) {
    EXPECT_EQ(believed(stamp, Trust::local_user), stamp);
  }
}

TEST(Believed, IsNoUserOfThisHostWhenTheControllerOnlyShowedACertificate) {
  for (const auto& stamp : {kKernel, kCookie}) {
    const auto left = believed(stamp, Trust::certificate);
    EXPECT_EQ(left.kind, Kind::none);
    EXPECT_EQ(left.uid, wire::Identity::kNoUid);
    EXPECT_FALSE(same_user(left, stamp));
    EXPECT_FALSE(over_tls(left));
  }
  EXPECT_EQ(believed(kCertificate, Trust::certificate), kCertificate);
  EXPECT_EQ(believed(kToken, Trust::certificate), kToken);
}

TEST(Believed, IsTheCertificateOfAUserWhoShowedOneToo) {
  const auto left = believed(kCookieOverTls, Trust::certificate);
  EXPECT_EQ(left.kind, Kind::certificate);
  EXPECT_EQ(left.uid, wire::Identity::kNoUid);
  EXPECT_TRUE(over_tls(left));
  EXPECT_FALSE(same_user(left, kCookie));
}

TEST(Believed, IsTheTokenAtMostOfAControllerThatKnowsJustThat) {
  EXPECT_EQ(believed(kToken, Trust::token), kToken);
  for (const auto& stamp : {kKernel, kCookie, kCookieOverTls, kCertificate}) {
    EXPECT_EQ(believed(stamp, Trust::token), kNobody);
  }
}

TEST(Believed, IsNothingOfAControllerThatProvedNothing) {
  for (const auto& stamp : {kKernel, kCookie, kCookieOverTls, kToken, kCertificate}) {
    EXPECT_EQ(believed(stamp, Trust::none), kNobody);
  }
}

TEST(SameUser, NeedsBothToBeVerifiedAsThatUser) {
  EXPECT_TRUE(same_user(kKernel, kCookie));
  wire::Identity other = kCookie;
  other.uid = kUser + 1;
  EXPECT_FALSE(same_user(kKernel, other));
  EXPECT_FALSE(same_user(kNobody, kNobody)) << "that nothing is known of both makes them no pair";
  EXPECT_FALSE(same_user(kCertificate, kCertificate));
}

TEST(SameVerified, TellsCertificatesApartByNameAndTrustsNoEmptyOne) {
  EXPECT_TRUE(same_verified(kCertificate, kCertificate));
  wire::Identity other = kCertificate;
  other.text = "waiter";
  EXPECT_FALSE(same_verified(kCertificate, other));
  other.text.clear();
  EXPECT_FALSE(same_verified(other, other));
  EXPECT_TRUE(same_verified(kToken, kToken));
  EXPECT_FALSE(same_verified(kToken, kCertificate));
  EXPECT_FALSE(same_verified(kNobody, kNobody));
}

TEST(Judge, TakesTheStrongestProof) {
  net::PeerInfo peer;
  peer.address = "a";
  EXPECT_EQ(judge(peer, false, false).kind, Kind::none);
  EXPECT_EQ(judge(peer, false, true).kind, Kind::token);
  EXPECT_EQ(judge(peer, true, true).kind, Kind::token) << "the cookie counts on the same host only";
  peer.same_host = true;
  EXPECT_EQ(judge(peer, true, true).kind, Kind::cookie);
  peer.tls = true;
  EXPECT_EQ(judge(peer, false, false).kind, Kind::none) << "TLS without a certificate proves nothing";
  peer.certificate_verified = true;
  peer.certificate_name = "kitchen";
  EXPECT_EQ(judge(peer, false, true).kind, Kind::certificate);
  EXPECT_TRUE(judge(peer, true, false).over_tls);
  peer.uid = ::geteuid();
  EXPECT_EQ(judge(peer, false, false).kind, Kind::peercred);
  peer.uid = ::geteuid() + 1;
  EXPECT_EQ(judge(peer, false, false).kind, Kind::certificate);
}

}  // namespace
}  // namespace daffi::session
