/// @file  How long the texts and lists of control messages may be. Both ends of the wire agree on them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace daffi::wire {

inline constexpr std::size_t kMaxProcessName = 256;
inline constexpr std::size_t kMaxCallbackName = 256;
inline constexpr std::size_t kMaxParameterName = 256;
inline constexpr std::size_t kMaxTypeText = 1024;
inline constexpr std::size_t kMaxDefaultText = 256;
inline constexpr std::size_t kMaxDocText = 16 * 1024;
inline constexpr std::size_t kMaxLanguage = 32;
inline constexpr std::size_t kMaxVersion = 64;
inline constexpr std::size_t kMaxIdentityText = 256;
inline constexpr std::size_t kMaxCloseText = 1024;
inline constexpr std::size_t kMaxErrorMessage = 32 * 1024;
inline constexpr std::size_t kMaxErrorType = 256;
inline constexpr std::size_t kMaxErrorTrace = 60 * 1024;
inline constexpr std::size_t kMaxErrorData = 64 * 1024;  ///< larger ones are left out
inline constexpr std::size_t kMaxReturnText = 512;

inline constexpr std::size_t kMaxTokenRoles = 32;
inline constexpr std::size_t kMaxProofs = kMaxTokenRoles + 8;
inline constexpr std::size_t kMaxCaller = 272;  ///< "certificate:" and an identity's text
inline constexpr std::size_t kMaxCallers = 64;  ///< of one callback
inline constexpr std::size_t kMaxParameters = 256;
inline constexpr std::size_t kMaxRegistrations = 4096;  ///< in one frame
inline constexpr std::size_t kMaxMembers = 16384;       ///< in one frame
inline constexpr std::size_t kMaxCallbacks = 4096;      ///< of one member in one frame
inline constexpr std::size_t kMaxDescriptors = 16384;   ///< in one frame
inline constexpr std::size_t kMaxChanges = 16384;       ///< in one frame
inline constexpr std::size_t kMaxDescribed = 8;         ///< so that the answer fits into one frame

/// A call leaves this much of a frame free, so that it still fits when it comes back in a bounce or a refusal.
inline constexpr std::size_t kReturnRoom = 1024;
inline constexpr std::size_t kMaxCallPayload = 256 * 1024 - kReturnRoom;

/// A value of more bytes than this is announced and follows in chunks, so that it holds up nothing small behind it.
inline constexpr std::size_t kMaxUnchunked = 64 * 1024;
/// Bytes of a chunk, at most.
inline constexpr std::size_t kMaxChunk = 64 * 1024;
/// An item of more bytes than this goes in parts of at most a chunk each.
inline constexpr std::size_t kMaxWholeItem = 128 * 1024;
/// What of a stream may be sent, in each direction of an exchange, before the first credit arrives.
inline constexpr std::uint32_t kInitialCreditBytes = 512 * 1024;
inline constexpr std::uint32_t kInitialCreditItems = 2048;
/// The same of a value in chunks: its receiver wants it whole, so the wait for credit is all that less would save.
inline constexpr std::uint32_t kInitialChunkCredit = 1280 * 1024;

/// Callback ids from here on belong to the system: every process serves them, none announces them.
inline constexpr std::uint32_t kFirstSystemCallback = 0xFFFFFF00;

}  // namespace daffi::wire
