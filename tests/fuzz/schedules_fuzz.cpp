/// @file  Property: what is accepted about a scheduled task is the same after it was written and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "rpc/schedule_messages.hpp"

namespace {

namespace rpc = daffi::rpc;
using daffi::base::Bytes;

void check_request(Bytes bytes) {
  daffi::Reader reader(bytes);
  const auto first = rpc::read_schedule_request(reader);
  if (!first.ok()) return;
  daffi::Writer writer;
  rpc::write_schedule_request(writer, first->request, first->arguments);
  daffi::Reader again(writer.payload());
  const auto second = rpc::read_schedule_request(again);
  if (!second.ok() || second->request != first->request) std::abort();
  if (!std::ranges::equal(second->arguments, first->arguments)) std::abort();
}

template <typename Decode, typename Encode>
void check(Bytes bytes, Decode decode, Encode encode) {
  const auto first = decode(bytes);
  if (!first.ok()) return;
  const auto second = decode(Bytes(encode(*first)));
  if (!second.ok() || *second != *first) std::abort();
}

void check_page(Bytes bytes) {
  daffi::Reader reader(bytes);
  rpc::TaskPage page, again;
  if (!daffi::Codec<rpc::TaskPage>::read(reader, page)) return;
  daffi::Writer writer;
  daffi::Codec<rpc::TaskPage>::write(writer, page);
  daffi::Reader second(writer.payload());
  if (!daffi::Codec<rpc::TaskPage>::read(second, again) || again.tasks != page.tasks) std::abort();
}

}  // namespace

// The first byte says what it is, the rest is that.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes bytes = std::as_bytes(std::span(data, size).subspan(1));
  switch (data[0]) {
    case 'q':
      check_request(bytes);
      break;
    case 'r':
      check(bytes, rpc::decode_record, rpc::encode_record);
      break;
    case 'p':
      check(bytes, rpc::decode_progress, rpc::encode_progress);
      break;
    case 'l':
      check_page(bytes);
      break;
    default:
      break;
  }
  return 0;
}
