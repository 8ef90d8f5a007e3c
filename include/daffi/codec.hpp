/// @file  Codec<T> says how a C++ type is written and read; this header brings all those that daffi knows.
///
/// Specialise it for a type of your own:
///
///     template <>
///     struct daffi::Codec<Colour> {
///       static void write(daffi::Writer& writer, const Colour& colour) { writer.text(colour.name()); }
///       static bool read(daffi::Reader& reader, Colour& colour) {
///         std::string_view name;
///         return reader.read_text(name) && (colour.set(name) || reader.fail("no such colour"));
///       }
///       static std::string type_name() { return "Colour"; }
///     };
#pragma once

#include "daffi/detail/codec_aggregate.hpp"  // IWYU pragma: export
#include "daffi/detail/codec_base.hpp"       // IWYU pragma: export
#include "daffi/detail/codec_chrono.hpp"     // IWYU pragma: export
#include "daffi/detail/codec_container.hpp"  // IWYU pragma: export
#include "daffi/detail/codec_sum.hpp"        // IWYU pragma: export
