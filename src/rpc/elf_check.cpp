/// @file  ELF headers, read without trusting them.
#include "rpc/elf_check.hpp"

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "daffi/detail/module_boundary.hpp"

namespace daffi::rpc {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);

constexpr unsigned kClass = __ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr unsigned kMachine = EM_RISCV;
#elif defined(__i386__)
constexpr unsigned kMachine = EM_386;
#elif defined(__arm__)
constexpr unsigned kMachine = EM_ARM;
#elif defined(__powerpc64__)
constexpr unsigned kMachine = EM_PPC64;
#elif defined(__s390x__)
constexpr unsigned kMachine = EM_S390;
#else
#error "the ELF number of this machine is missing here"
#endif

constexpr std::string_view kOwner("daffi\0", 6);
constexpr std::uint32_t kAbiNote = 1;

std::string machine_text(unsigned machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "ARM";
    case EM_PPC64:
      return "PowerPC64";
    case EM_S390:
      return "s390";
    default:
      return "machine " + std::to_string(machine);
  }
}

base::Failure unusable(const std::string& what) {
  return base::fail(ErrorCode::unusable_code,
                    "the module is no " + what + "; this process runs " + runnable_elf_text());
}

base::Failure damaged(const std::string& what) {
  return base::fail(ErrorCode::unusable_code, "the module is damaged or cut off: " + what);
}

bool inside(base::Bytes file, std::uint64_t offset, std::uint64_t size) {
  return offset <= file.size() && size <= file.size() - offset;
}

// The caller has made sure that it is inside.
template <typename T>
T read_at(base::Bytes file, std::uint64_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::optional<base::Failure> check_header(base::Bytes file, Header& header) {
  if (file.size() < EI_NIDENT || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0)
    return unusable("ELF file (" + std::to_string(file.size()) + " bytes)");
  const auto ident = [&](std::size_t at) { return static_cast<unsigned>(file[at]); };
  if (ident(EI_CLASS) != kClass) return unusable("file of this machine's word size");
  if (ident(EI_DATA) != kOrder) return unusable("file of this machine's byte order");
  if (file.size() < sizeof header) return damaged("the header has " + std::to_string(file.size()) + " bytes");
  header = read_at<Header>(file, 0);
  if (ident(EI_VERSION) != EV_CURRENT || header.e_version != EV_CURRENT) return unusable("file of a known ELF version");
  if (header.e_machine != kMachine)
    return unusable(machine_text(kMachine) + " code but for " + machine_text(header.e_machine));
  if (header.e_type != ET_DYN) return unusable("shared object (ELF type " + std::to_string(header.e_type) + ")");
  if (header.e_ehsize < sizeof header || header.e_phentsize != sizeof(Segment))
    return damaged("headers of an odd size");
  if (!inside(file, header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Segment)))
    return damaged("the program headers lie outside");
  return std::nullopt;
}

// How far the segments to be loaded reach, together.
struct Extent {
  std::uint64_t lowest = ~std::uint64_t{0};
  std::uint64_t highest = 0;
  std::uint64_t size() const { return highest > lowest ? highest - lowest : 0; }
};

std::optional<base::Failure> check_segment(base::Bytes file, const Segment& segment, Extent& extent) {
  if (!inside(file, segment.p_offset, segment.p_filesz)) return damaged("a segment lies outside");
  if (segment.p_type != PT_LOAD) return std::nullopt;
  if (segment.p_filesz > segment.p_memsz) return damaged("a segment is larger than its memory");
  const std::uint64_t begin = segment.p_vaddr, end = begin + segment.p_memsz;
  if (end < begin) return damaged("a segment reaches beyond the end of memory");
  extent.lowest = std::min(extent.lowest, begin);
  extent.highest = std::max(extent.highest, end);
  return std::nullopt;
}

// The ABI that a note segment states; nothing when it has no note of ours. Other notes may be in it.
std::optional<std::uint32_t> abi_in(base::Bytes notes, std::uint64_t alignment) {
  const std::uint64_t mask = alignment == 8 ? 7 : 3;
  const auto padded = [mask](std::uint64_t size) { return (size + mask) & ~mask; };
  std::uint64_t at = 0;
  while (inside(notes, at, sizeof(ElfW(Nhdr)))) {
    const auto note = read_at<ElfW(Nhdr)>(notes, at);
    const std::uint64_t name = at + sizeof note, value = padded(name + note.n_namesz);
    if (!inside(notes, name, note.n_namesz) || !inside(notes, value, note.n_descsz)) return std::nullopt;
    const auto* text = reinterpret_cast<const char*>(notes.data() + name);
    if (note.n_type == kAbiNote && std::string_view(text, note.n_namesz) == kOwner && note.n_descsz == 4)
      return read_at<std::uint32_t>(notes, value);
    at = padded(value + note.n_descsz);
  }
  return std::nullopt;
}

}  // namespace

base::Result<ElfModule> check_elf(base::Bytes file) {
  Header header;
  if (auto wrong = check_header(file, header)) return std::move(*wrong);
  Extent extent;
  std::optional<std::uint32_t> abi;
  bool dynamic = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = read_at<Segment>(file, header.e_phoff + i * sizeof(Segment));
    if (auto wrong = check_segment(file, segment, extent)) return std::move(*wrong);
    dynamic = dynamic || segment.p_type == PT_DYNAMIC;
    if (segment.p_type == PT_NOTE && !abi)
      abi = abi_in(file.subspan(segment.p_offset, segment.p_filesz), segment.p_align);
  }
  if (extent.size() == 0 || !dynamic) return damaged("there is nothing to load in it");
  if (!abi) return unusable("daffi module: DAFFI_MODULE does not stand in it");
  if (*abi != DAFFI_MODULE_ABI) return unusable("module of this ABI but of " + std::to_string(*abi));
  return ElfModule{extent.size()};
}

std::string runnable_elf_text() {
  return "ELF shared objects for " + machine_text(kMachine) + ", " + (kClass == ELFCLASS64 ? "64" : "32") + " bit, " +
         (kOrder == ELFDATA2LSB ? "little" : "big") + "-endian, module ABI " + std::to_string(DAFFI_MODULE_ABI);
}

}  // namespace daffi::rpc
