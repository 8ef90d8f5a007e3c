/// @file  Who may call what names its callers.
#include "session/permission.hpp"

#include <gtest/gtest.h>

#include "wire/callers.hpp"
#include "wire/limits.hpp"

namespace daffi::session {
namespace {

using Kind = wire::Identity::Kind;

const wire::Identity operator_by_token{.kind = Kind::token, .text = "10.0.0.1", .role = "operator"};
const wire::Identity console{.kind = Kind::certificate, .text = "console", .certificate = "console"};
const wire::Identity both{.kind = Kind::peercred, .uid = 1000, .certificate = "console", .role = "operator"};

TEST(MayCall, AnEmptyListIsOpenToAll) { EXPECT_TRUE(may_call({}, {})); }

TEST(MayCall, OneOfTheNamedIsEnough) {
  EXPECT_TRUE(may_call({"role:viewer", "role:operator"}, operator_by_token));
  EXPECT_TRUE(may_call({"role:operator"}, both));
  EXPECT_TRUE(may_call({"certificate:console"}, both));
  EXPECT_FALSE(may_call({"role:viewer"}, operator_by_token));
}

TEST(MayCall, ARoleIsNoCertificateAndAPartIsNotTheWhole) {
  EXPECT_FALSE(may_call({"certificate:operator"}, operator_by_token));
  EXPECT_FALSE(may_call({"role:console"}, console));
  EXPECT_FALSE(may_call({"role:oper", "role:operator2"}, operator_by_token));
}

TEST(MayCall, WhoHasShownNothingMayNotCallWhateverTheListSays) {
  // Such lists cannot be registered, but may come over the wire.
  for (const std::string caller : {"role:", "certificate:", "", ":", "role"}) {
    EXPECT_FALSE(may_call({caller}, {})) << caller;
  }
  const wire::Identity claims_in_its_text{.kind = Kind::token, .text = "operator"};
  EXPECT_FALSE(may_call({"role:operator"}, claims_in_its_text));
}

TEST(MayCall, ListsThatNameNobodyOrAreNotUnderstoodAreMistakes) {
  using Names = std::vector<std::string>;
  EXPECT_TRUE(wire::mistake_in_callers({}));
  for (const std::string caller : {"operator", "role:", "certificate:", "ROLE:operator", "role:\xFF"}) {
    EXPECT_TRUE(wire::mistake_in_callers(Names{caller})) << caller;
  }
  EXPECT_TRUE(wire::mistake_in_callers(Names{"role:" + std::string(wire::kMaxCaller, 'x')}));
  EXPECT_TRUE(wire::mistake_in_callers(Names(wire::kMaxCallers + 1, "role:a")));
  EXPECT_FALSE(wire::mistake_in_callers(Names{"role:operator", "certificate:console"}));
}

TEST(MayCall, AClosedNameIsRecognisedAndNotRead) {
  EXPECT_EQ(closed_name("restart"), closed_name("restart"));
  EXPECT_NE(closed_name("restart"), closed_name("restart "));
  EXPECT_EQ(closed_name("restart").find("restart"), std::string::npos);
  EXPECT_LE(closed_name(std::string(256, 'x')).size(), wire::kMaxCallbackName);
}

}  // namespace
}  // namespace daffi::session
