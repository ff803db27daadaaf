#pragma once

#include "util/error.hpp"

namespace spillway {

/// A library that is opened by the first thing that needs it, and stays for as long as the process does.
class ClientLibrary {
 public:
  struct Names {
    const char* file;       ///< "libpq.so.5"
    const char* shown;      ///< "the PostgreSQL library"
    const char* in_errors;  ///< how a sentence goes on about its file: "the PostgreSQL library libpq.so.5"
    const char* package;    ///< Debian's
    const char* oldest;     ///< that has all functions: "libpq of PostgreSQL 13"
  };
  /// Throws ErrorCode::internal when it is not installed.
  explicit ClientLibrary(const Names& names);

  /// Throws ErrorCode::internal when it has no such function.
  template <typename Function>
  void load(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(find(name));
  }

 private:
  void* find(const char* name) const;

  Names m_names;
  void* m_handle;
};

}  // namespace spillway
