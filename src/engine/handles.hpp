#pragma once

#include <utility>

#include <duckdb.h>

#include "engine/type.hpp"
#include "util/error.hpp"

// Exported by the library since 1.5, missing in the header of 1.4: assigns without checking for UTF-8.
extern "C" void duckdb_unsafe_vector_assign_string_element_len(duckdb_vector vector, idx_t index, const char* text,
                                                               idx_t length);

/// Private to engine/: move-only owners of DuckDB's C handles and conversions between its types and ours.
namespace spillway::engine {

/// Owns a C handle that `Destroy` frees through a pointer to it, as all of DuckDB's destructors do.
template <typename T, void (*Destroy)(T*)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T handle) : m_handle(handle) {}
  Handle(Handle&& other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      m_handle = std::exchange(other.m_handle, nullptr);
    }
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  T get() const { return m_handle; }
  T* out() {
    reset();
    return &m_handle;
  }
  void reset() {
    if (m_handle != nullptr) Destroy(&m_handle);
    m_handle = nullptr;
  }

 private:
  T m_handle = nullptr;
};

using LogicalTypeHandle = Handle<duckdb_logical_type, duckdb_destroy_logical_type>;
using PreparedHandle = Handle<duckdb_prepared_statement, duckdb_destroy_prepare>;
using PendingHandle = Handle<duckdb_pending_result, duckdb_destroy_pending>;
using ExtractedHandle = Handle<duckdb_extracted_statements, duckdb_destroy_extracted>;
using ChunkHandle = Handle<duckdb_data_chunk, duckdb_destroy_data_chunk>;
using ConfigHandle = Handle<duckdb_config, duckdb_destroy_config>;
using ValueHandle = Handle<duckdb_value, duckdb_destroy_value>;

Type type_from(duckdb_logical_type handle);
LogicalTypeHandle handle_of(const Type& type);

/// An engine error as ours: its code comes from the text, as not every function of the C API gives the type.
Error engine_error(const char* message);

}  // namespace spillway::engine
