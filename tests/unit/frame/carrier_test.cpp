#include "frame/carrier.hpp"

namespace spillway::frame {
namespace {

using engine::Type;
using engine::TypeId;

TEST(Carrier, WhatParquetKeepsIsWrittenAsItIs) {
  for (const TypeId id :
       {TypeId::boolean, TypeId::bigint, TypeId::ubigint, TypeId::double_, TypeId::varchar, TypeId::blob,
        TypeId::date, TypeId::time, TypeId::timestamp, TypeId::timestamp_ns, TypeId::timestamp_tz, TypeId::uuid}) {
    EXPECT_FALSE(needs_carrier(id)) << Type(id).to_sql();
  }
  EXPECT_EQ(pack_sql(Type::decimal(15, 2), "x"), "x");
}

TEST(Carrier, ATypeInsideAnotherIsFound) {
  EXPECT_TRUE(needs_carrier(Type::list(Type::structure({"a"}, {Type::map(TypeId::varchar, TypeId::hugeint)}))));
  EXPECT_FALSE(needs_carrier(Type::list(Type::structure({"a"}, {Type::map(TypeId::varchar, TypeId::bigint)}))));
}

TEST(Carrier, HugeintGoesAsText) {
  EXPECT_EQ(pack_sql(TypeId::hugeint, "x"), "CAST(x AS VARCHAR)");
  EXPECT_EQ(unpack_sql(TypeId::hugeint, "x"), "CAST(x AS HUGEINT)");
}

TEST(Carrier, NestedLambdasHaveParametersOfTheirOwn) {
  EXPECT_EQ(pack_sql(Type::list(Type::list(TypeId::hugeint)), "x"),
            "list_transform(x, lambda x0: list_transform(x0, lambda x1: CAST(x1 AS VARCHAR)))");
}

}  // namespace
}  // namespace spillway::frame
