#pragma once

#include <string>
#include <string_view>

#include "engine/type.hpp"

/// How a column survives Parquet. DuckDB's Parquet writer turns HUGEINT into DOUBLE, drops the offset of TIME WITH
/// TIME ZONE, refuses negative INTERVALs, turns ENUM, BIT and BIGNUM into text and ARRAY into LIST, loses a UNION's
/// tag, and fails on an infinite TIMESTAMP_S. Such a type, at any depth, is written as a carrier type and cast back
/// on reading.
namespace spillway::frame {

/// Whether values of the type, or of a type inside it, are written as something else.
bool needs_carrier(const engine::Type& type);
/// The SQL expression of what is written for `expression`, which has the type `type`.
std::string pack_sql(const engine::Type& type, const std::string& expression);
/// The SQL expression that makes a value of `type` of what pack_sql wrote.
std::string unpack_sql(const engine::Type& type, const std::string& expression);

}  // namespace spillway::frame
