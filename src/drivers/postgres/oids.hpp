#pragma once

#include "drivers/postgres/libpq.hpp"

/// The built-in types by their fixed numbers (the server's catalog/pg_type.dat).
namespace spillway::drivers::postgres::oid {

inline constexpr Oid k_bool = 16;
inline constexpr Oid k_bytea = 17;
inline constexpr Oid k_name = 19;
inline constexpr Oid k_int8 = 20;
inline constexpr Oid k_int2 = 21;
inline constexpr Oid k_int4 = 23;
inline constexpr Oid k_text = 25;
inline constexpr Oid k_oid = 26;
inline constexpr Oid k_json = 114;
inline constexpr Oid k_xml = 142;
inline constexpr Oid k_float4 = 700;
inline constexpr Oid k_float8 = 701;
inline constexpr Oid k_bpchar = 1042;
inline constexpr Oid k_varchar = 1043;
inline constexpr Oid k_date = 1082;
inline constexpr Oid k_time = 1083;
inline constexpr Oid k_timestamp = 1114;
inline constexpr Oid k_timestamptz = 1184;
inline constexpr Oid k_interval = 1186;
inline constexpr Oid k_timetz = 1266;
inline constexpr Oid k_numeric = 1700;
inline constexpr Oid k_uuid = 2950;
inline constexpr Oid k_jsonb = 3802;

}  // namespace spillway::drivers::postgres::oid
