#include "util/client_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

namespace spillway {

ClientLibrary::ClientLibrary(const Names& names)
    : m_names(names), m_handle(::dlopen(names.file, RTLD_NOW | RTLD_LOCAL)) {
  if (m_handle != nullptr) return;
  fail(ErrorCode::internal, fmt::format("cannot load {}: {}", m_names.shown, ::dlerror()),
       fmt::format("install {}, or add the folder of {} to LD_LIBRARY_PATH", m_names.package, m_names.file));
}

void* ClientLibrary::find(const char* name) const {
  void* function = ::dlsym(m_handle, name);
  if (function != nullptr) return function;
  fail(ErrorCode::internal, fmt::format("{} has no function '{}'", m_names.in_errors, name),
       fmt::format("use {} or later", m_names.oldest));
}

}  // namespace spillway
