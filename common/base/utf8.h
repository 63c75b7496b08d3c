#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace evenkeel::base {

// `text` as UTF-8 (RFC 3629) of at most `most_bytes`: each byte that belongs to no character is replaced by
// '?', and nothing is cut within a character. Messages and stored records hold text of strangers, and a
// single bad byte would make a whole one unreadable: protobuf refuses strings that are not UTF-8 when it
// reads them.
std::string ValidUtf8(std::string_view text, size_t most_bytes = std::string_view::npos);

}  // namespace evenkeel::base
