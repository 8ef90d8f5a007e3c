/// @file  Identity: proofs, the cookie's file, private folders.
#include "net/identity.hpp"

#include <sys/stat.h>

#include <fstream>
#include <optional>
#include <set>
#include <thread>

#include "net_testing.hpp"

namespace daffi::net {
namespace {

using testing::must;
using testing::TemporaryFolder;

std::string hex(const Mac& mac) {
  std::string text;
  for (const std::byte byte : mac) {
    constexpr std::string_view digits = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

TEST(Hmac, DiffersWhereTheSameBytesAreCutDifferently) {
  const auto key = base::as_bytes("key");
  const Mac whole = hmac_sha256(key, {base::as_bytes("ab"), base::as_bytes("c")});
  EXPECT_NE(hex(whole), hex(hmac_sha256(key, {base::as_bytes("a"), base::as_bytes("bc")})));
  EXPECT_NE(hex(whole), hex(hmac_sha256(key, {base::as_bytes("abc")})));
  EXPECT_NE(hex(whole), hex(hmac_sha256({}, {base::as_bytes("ab"), base::as_bytes("c")})));
}

TEST(Hmac, IsTheStandardOneOverLengthsAndParts) {
  // From another implementation: hmac(b"Jefe", b"\x1c\0\0\0" + b"what do ya want for nothing?", sha256).
  EXPECT_EQ(hex(hmac_sha256(base::as_bytes("Jefe"), {base::as_bytes("what do ya want for nothing?")})),
            "c9867ba1a547b71d336a70a3c0c4b9bcee431755aa6b8e906e9afc20f3148c5e");
}

TEST(Hmac, ComparisonWantsTheWholeMac) {
  const Mac mac = hmac_sha256(base::as_bytes("key"), {});
  Mac other = mac;
  EXPECT_TRUE(same_mac(mac, other));
  EXPECT_FALSE(same_mac(mac, base::Bytes(other).first(31)));
  EXPECT_FALSE(same_mac(mac, {}));
  other[31] ^= std::byte{1};
  EXPECT_FALSE(same_mac(mac, other));
}

TEST(Cookie, OneThatOthersCanReadIsRefused) {
  TemporaryFolder folder;
  must(user_cookie_in(folder / "daffi"));
  const std::string path = folder / "daffi/cookie";
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  const auto cookie = user_cookie_in(folder / "daffi");
  ASSERT_FALSE(cookie.ok());
  EXPECT_EQ(cookie.failure().code, ErrorCode::system);
  EXPECT_NE(cookie.failure().message.find(path), std::string::npos);
}

TEST(Cookie, ADamagedOneIsRefusedNotReplaced) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 31, 33, 5000}) {
    TemporaryFolder folder;
    std::ofstream(folder / "cookie") << std::string(size, 'x');
    ASSERT_EQ(::chmod((folder / "cookie").c_str(), 0600), 0);
    EXPECT_FALSE(user_cookie_in(folder.path()).ok()) << size;
    EXPECT_EQ(std::filesystem::file_size(folder / "cookie"), size);
  }
}

TEST(Cookie, ALinkOrAFolderInItsPlaceIsRefused) {
  TemporaryFolder folder;
  std::ofstream(folder / "elsewhere") << std::string(32, 'x');
  ASSERT_EQ(::symlink((folder / "elsewhere").c_str(), (folder / "cookie").c_str()), 0);
  EXPECT_FALSE(user_cookie_in(folder.path()).ok());
  ASSERT_EQ(::mkdir((folder / "other").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((folder / "other/cookie").c_str(), 0700), 0);
  EXPECT_FALSE(user_cookie_in(folder / "other").ok());
}

TEST(Cookie, AFolderThatOthersMayWriteToIsRefused) {
  TemporaryFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
  EXPECT_FALSE(user_cookie_in(folder.path()).ok());
}

TEST(Cookie, IsMadePrivateAndStays) {
  TemporaryFolder folder;
  const auto cookie = must(user_cookie_in(folder / "a/b"));
  EXPECT_EQ(cookie.size(), 32u);
  EXPECT_EQ(must(user_cookie_in(folder / "a/b")), cookie);
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a/b/cookie").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "a/b"), {}), 1);  // no drafts left
}

TEST(Cookie, ManyMakersAtOnceAgree) {
  for (int round = 0; round < 20; ++round) {
    TemporaryFolder folder;
    std::vector<std::vector<std::byte>> cookies(8);
    std::vector<std::thread> makers;
    for (auto& cookie : cookies) makers.emplace_back([&] { cookie = must(user_cookie_in(folder / "new/daffi")); });
    for (auto& maker : makers) maker.join();
    EXPECT_EQ(std::set(cookies.begin(), cookies.end()).size(), 1u);
    EXPECT_EQ(cookies.front().size(), 32u);
  }
}

// A variable of the environment, set or taken away for a scope.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) { value != nullptr ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
  const char* name_;
  std::optional<std::string> before_;
};

TEST(Cookie, LivesWhereTheEnvironmentSays) {
  TemporaryFolder folder;
  const Variable config("XDG_CONFIG_HOME", (folder / "config").c_str());
  const Variable no_runtime("XDG_RUNTIME_DIR", nullptr);
  const Variable no_name("DAFFI_COOKIE_FILE", nullptr);
  must(user_cookie());
  EXPECT_TRUE(std::filesystem::exists(folder / "config/daffi/cookie"));
  const Variable runtime("XDG_RUNTIME_DIR", (folder / "runtime").c_str());
  must(user_cookie());
  EXPECT_TRUE(std::filesystem::exists(folder / "runtime/daffi/cookie"));
  const Variable named("DAFFI_COOKIE_FILE", (folder / "named/my-cookie").c_str());
  must(user_cookie());
  EXPECT_TRUE(std::filesystem::exists(folder / "named/my-cookie"));
}

TEST(PrivateFolder, IsMadeWithItsParents) {
  TemporaryFolder folder;
  ASSERT_TRUE(make_private_folder(folder / "a/b/c/").ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a/b/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(PrivateFolder, RefusesAFileAndNamesIt) {
  TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  const auto made = make_private_folder(folder / "file");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.failure().code, ErrorCode::initialization);
  EXPECT_EQ(made.failure().message, "folder '" + (folder / "file") + "' is not a folder");
  EXPECT_FALSE(make_private_folder(folder / "file/below").ok());
  EXPECT_FALSE(make_private_folder("").ok());
}

TEST(PrivateFolder, RefusesOneOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  TemporaryFolder folder;
  ASSERT_EQ(::mkdir((folder / "theirs").c_str(), 0700), 0);
  ASSERT_EQ(::chown((folder / "theirs").c_str(), 12345, 12345), 0);
  EXPECT_FALSE(make_private_folder(folder / "theirs").ok());
  ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "link").c_str()), 0);
  ASSERT_EQ(::lchown((folder / "link").c_str(), 12345, 12345), 0);
  EXPECT_FALSE(make_private_folder(folder / "link").ok());
}

}  // namespace
}  // namespace daffi::net
