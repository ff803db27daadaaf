#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include "sandboxd/http.hpp"
#include "sandboxd/sandbox.hpp"

namespace spillway::sandboxd {

/// GET /files: a file, or the part of it that the request names. Throws RpcError.
HttpResponse download(Sandbox& sandbox, const HttpRequest& request);

/// POST /files: one file as it is, or several as a form; gzip if the request says so. Throws RpcError.
std::unique_ptr<Exchange> begin_upload(const std::shared_ptr<Sandbox>& sandbox, const HttpRequest& request);

/// A part of `size` bytes, as a Range header names it: its offset and length. The whole when the header is none that
/// is understood; nothing when no byte of it exists.
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_range(std::string_view header, std::uint64_t size);

}  // namespace spillway::sandboxd
