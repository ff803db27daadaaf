#include "frame/parquet/page_packer.hpp"

#include <zstd.h>

#include <fmt/format.h>

#include "util/error.hpp"

namespace spillway::frame::parquet {
namespace {

/// A spill is read again soon: what counts is what it takes to write one.
constexpr int k_level = 1;
/// The room that a huge page took is not kept.
constexpr std::size_t k_kept_bytes = std::size_t{32} * 1024 * 1024;

}  // namespace

void PagePacker::Free::operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }

PagePacker::PagePacker() : m_context(ZSTD_createCCtx()) {
  if (!m_context) fail(ErrorCode::out_of_memory, "zstd cannot be started: there is no memory");
}

std::string_view PagePacker::pack(std::string_view bytes) {
  const std::size_t bound = ZSTD_compressBound(bytes.size());
  const bool was_huge = m_packed.size() > k_kept_bytes && bound <= k_kept_bytes;
  if (m_packed.size() < bound || was_huge) m_packed = std::string(bound, '\0');
  const std::size_t size =
      ZSTD_compressCCtx(m_context.get(), m_packed.data(), m_packed.size(), bytes.data(), bytes.size(), k_level);
  if (ZSTD_isError(size) != 0U) {
    fail(ErrorCode::out_of_memory,
         fmt::format("zstd cannot compress {} bytes: {}", bytes.size(), ZSTD_getErrorName(size)));
  }
  return std::string_view(m_packed).substr(0, size);
}

}  // namespace spillway::frame::parquet
