#pragma once

#include <memory>
#include <string>
#include <string_view>

struct ZSTD_CCtx_s;

namespace spillway::frame::parquet {

/// Compresses pages by zstd, one after the other.
class PagePacker {
 public:
  PagePacker();
  /// What `bytes` become; valid until the next call.
  std::string_view pack(std::string_view bytes);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> m_context;
  std::string m_packed;
};

}  // namespace spillway::frame::parquet
