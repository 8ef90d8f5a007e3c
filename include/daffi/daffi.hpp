/// @file  Everything a service or a caller needs. For tests of services: daffi/testing.hpp.
#pragma once

#include "daffi/args.hpp"            // IWYU pragma: export
#include "daffi/async_result.hpp"    // IWYU pragma: export
#include "daffi/broadcast.hpp"       // IWYU pragma: export
#include "daffi/call_context.hpp"    // IWYU pragma: export
#include "daffi/callback.hpp"        // IWYU pragma: export
#include "daffi/codec.hpp"           // IWYU pragma: export
#include "daffi/duration.hpp"        // IWYU pragma: export
#include "daffi/error.hpp"           // IWYU pragma: export
#include "daffi/fetcher.hpp"         // IWYU pragma: export
#include "daffi/generator.hpp"       // IWYU pragma: export
#include "daffi/global.hpp"          // IWYU pragma: export
#include "daffi/lazy_call.hpp"       // IWYU pragma: export
#include "daffi/log.hpp"             // IWYU pragma: export
#include "daffi/members.hpp"         // IWYU pragma: export
#include "daffi/modifiers.hpp"       // IWYU pragma: export
#include "daffi/moments.hpp"         // IWYU pragma: export
#include "daffi/options.hpp"         // IWYU pragma: export
#include "daffi/registration.hpp"    // IWYU pragma: export
#include "daffi/scheduled_task.hpp"  // IWYU pragma: export
#include "daffi/signature.hpp"       // IWYU pragma: export
#include "daffi/stream.hpp"          // IWYU pragma: export
#include "daffi/task.hpp"            // IWYU pragma: export
#include "daffi/transfer.hpp"        // IWYU pragma: export
#include "daffi/value.hpp"           // IWYU pragma: export
#include "daffi/waiting.hpp"         // IWYU pragma: export
