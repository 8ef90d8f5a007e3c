/// @file  Modules are judged by their headers before any of their code runs; headers may say anything.
#include "rpc/elf_check.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>

#include <algorithm>

#include "unit/rpc/module_fixture.hpp"

namespace daffi::rpc {
namespace {

using testing::HasSubstr;

std::vector<std::byte> calculator() { return module_bytes("calculator"); }

// A copy of exactly that size: the sanitizer sees a read beyond its end.
base::Result<ElfModule> check_copy(base::Bytes bytes) {
  const std::vector<std::byte> copy(bytes.begin(), bytes.end());
  return check_elf(copy);
}

std::string refusal(base::Bytes bytes) {
  const auto checked = check_copy(bytes);
  if (checked.ok()) return "it passed";
  EXPECT_EQ(checked.failure().code, ErrorCode::unusable_code);
  return checked.failure().message;
}

template <typename T>
void put(std::vector<std::byte>& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);

// Where the first segment of that type is described.
std::size_t segment_at(const std::vector<std::byte>& bytes, unsigned type) {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Segment segment;
    const std::size_t at = header.e_phoff + i * sizeof segment;
    std::memcpy(&segment, bytes.data() + at, sizeof segment);
    if (segment.p_type == type) return at;
  }
  ADD_FAILURE() << "no such segment";
  return 0;
}

std::size_t note_at(const std::vector<std::byte>& bytes) {
  const std::string_view text = base::as_text(bytes);
  return text.find(std::string_view("\6\0\0\0\4\0\0\0\1\0\0\0daffi\0\0\0", 20));
}

TEST(ElfCheck, AcceptsAModuleOfThisMachine) {
  const auto checked = check_copy(calculator());
  ASSERT_TRUE(checked.ok()) << checked.failure().message;
  EXPECT_GT(checked->memory, 1000u);
}

TEST(ElfCheck, RefusesWhatIsNoElfFile) {
  EXPECT_THAT(refusal({}), HasSubstr("no ELF file"));
  EXPECT_THAT(refusal(base::as_bytes("#!/bin/sh\nexit 0\n")), HasSubstr("this process runs ELF shared objects for"));
}

TEST(ElfCheck, RefusesEveryPrefixThatLacksSomeOfASegment) {
  const auto whole = calculator();
  // What follows the last segment (section headers, debug information) is not loaded, so it may be missing.
  std::size_t least = whole.size();
  while (least > 0 && check_copy(base::Bytes(whole).first(least - 1)).ok()) least -= 1;
  ASSERT_GT(least, 4096u);
  for (std::size_t size = 0; size < least; size += size < 2048 ? 1 : 97)
    EXPECT_NE(refusal(base::Bytes(whole).first(size)), "it passed") << size;
}

TEST(ElfCheck, SurvivesEveryFlippedByteOfItsHeaders) {
  auto bytes = calculator();
  const std::size_t headers = std::min<std::size_t>(bytes.size(), 2048);
  const std::size_t note = note_at(bytes);
  ASSERT_LT(note, bytes.size());
  const auto flip = [&](std::size_t at) {
    for (const unsigned mask : {0x01u, 0x80u, 0xffu}) {
      bytes[at] ^= std::byte(mask);
      const auto checked = check_copy(bytes);
      EXPECT_TRUE(!checked.ok() || checked->memory > 0);
      bytes[at] ^= std::byte(mask);
    }
  };
  for (std::size_t at = 0; at < headers; ++at) flip(at);
  for (std::size_t at = note; at < note + 24; ++at) flip(at);
}

TEST(ElfCheck, RefusesAnotherMachineWordSizeAndByteOrder) {
  auto bytes = calculator();
  put(bytes, offsetof(Header, e_machine), std::uint16_t{EM_S390});
  EXPECT_THAT(refusal(bytes), HasSubstr("s390"));
  bytes = calculator();
  bytes[EI_CLASS] ^= std::byte{ELFCLASS32 ^ ELFCLASS64};
  EXPECT_THAT(refusal(bytes), HasSubstr("word size"));
  bytes = calculator();
  bytes[EI_DATA] ^= std::byte{ELFDATA2LSB ^ ELFDATA2MSB};
  EXPECT_THAT(refusal(bytes), HasSubstr("byte order"));
}

TEST(ElfCheck, RefusesWhatIsNoSharedObject) {
  auto bytes = calculator();
  put(bytes, offsetof(Header, e_type), std::uint16_t{ET_EXEC});
  EXPECT_THAT(refusal(bytes), HasSubstr("shared object"));
}

TEST(ElfCheck, RefusesAnotherAbiAndNamesBoth) {
  auto bytes = calculator();
  put(bytes, note_at(bytes) + 20, std::uint32_t{2});
  const std::string text = refusal(bytes);
  EXPECT_THAT(text, HasSubstr("of 2"));
  EXPECT_THAT(text, HasSubstr("module ABI 1"));
}

TEST(ElfCheck, RefusesASharedObjectThatIsNoModule) {
  EXPECT_THAT(refusal(module_bytes("without_table")), HasSubstr("DAFFI_MODULE"));
}

TEST(ElfCheck, RefusesSegmentsThatReachOutOfFileOrMemory) {
  auto bytes = calculator();
  const std::size_t load = segment_at(bytes, PT_LOAD);
  put(bytes, load + offsetof(Segment, p_offset), ~std::uintptr_t{0} - 8);
  EXPECT_THAT(refusal(bytes), HasSubstr("outside"));
  bytes = calculator();
  put(bytes, load + offsetof(Segment, p_vaddr), ~std::uintptr_t{0} - 8);
  EXPECT_THAT(refusal(bytes), HasSubstr("end of memory"));
  bytes = calculator();
  put(bytes, load + offsetof(Segment, p_memsz), std::uintptr_t{0});
  EXPECT_THAT(refusal(bytes), HasSubstr("larger than its memory"));
  bytes = calculator();
  put(bytes, offsetof(Header, e_phoff), ~std::uintptr_t{0} - 8);
  EXPECT_THAT(refusal(bytes), HasSubstr("outside"));
}

TEST(ElfCheck, CountsTheMemoryThatAFileOnlyClaims) {
  auto bytes = calculator();
  const std::size_t load = segment_at(bytes, PT_LOAD);
  put(bytes, load + offsetof(Segment, p_memsz), std::uintptr_t{1} << 40);
  const auto checked = check_copy(bytes);
  ASSERT_TRUE(checked.ok());
  EXPECT_GE(checked->memory, std::uint64_t{1} << 40);
}

TEST(ElfCheck, IsNotTakenInByNotesThatLieAboutTheirLength) {
  auto bytes = calculator();
  const std::size_t note = note_at(bytes);
  put(bytes, note, std::uint32_t{0xfffffff0});
  EXPECT_THAT(refusal(bytes), HasSubstr("DAFFI_MODULE"));
  bytes = calculator();
  put(bytes, note + 4, std::uint32_t{0xfffffffe});
  EXPECT_THAT(refusal(bytes), HasSubstr("DAFFI_MODULE"));
}

}  // namespace
}  // namespace daffi::rpc
