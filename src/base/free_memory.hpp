/// @file  Memory that is free but still held.
#pragma once

namespace daffi::base {

/// Gives the system back what the heap holds and nobody uses, also between pieces that are used. Takes milliseconds on
/// a heap of many megabytes, during which others wait for memory. Threads: any.
void return_free_memory();

}  // namespace daffi::base
