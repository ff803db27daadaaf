#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/mysql/encode.hpp"
#include "drivers/mysql/errno.hpp"
#include "drivers/mysql/target_table.hpp"
#include "drivers/sql/select_query.hpp"

namespace spillway::drivers::mysql {
namespace {

using engine::Type;
using engine::TypeId;

TEST(MysqlErrno, SaysWhatMayBeTriedAgain) {
  struct Row {
    unsigned number;
    ErrorCode code;
    bool is_transient;
  };
  for (const Row& row : {
           Row{1040, ErrorCode::connection, true},   // too many connections
           Row{1045, ErrorCode::connection, false},  // wrong password
           Row{1049, ErrorCode::connection, false},  // unknown database
           Row{1053, ErrorCode::connection, true},   // shutting down
           Row{1062, ErrorCode::bad_data, false},    // duplicate key
           Row{1064, ErrorCode::sql, false},         // syntax
           Row{1114, ErrorCode::disk_full, false},   // table is full
           Row{1142, ErrorCode::sql, false},         // missing right
           Row{1146, ErrorCode::sql, false},         // missing table
           Row{1205, ErrorCode::timeout, false},     // the lock_timeout that the user asked for
           Row{1213, ErrorCode::sql, true},          // deadlock
           Row{1264, ErrorCode::bad_data, false},    // out of range
           Row{1317, ErrorCode::timeout, false},     // killed
           Row{1406, ErrorCode::bad_data, false},    // too long
           Row{1969, ErrorCode::timeout, false},     // max_statement_time
           Row{2003, ErrorCode::connection, true},   // refused
           Row{2006, ErrorCode::connection, true},   // gone away
           Row{2013, ErrorCode::connection, true},   // lost
           Row{2026, ErrorCode::connection, false},  // TLS
           Row{9999, ErrorCode::sql, false},         // not known
       }) {
    EXPECT_EQ(meaning_of(row.number).code, row.code) << row.number;
    EXPECT_EQ(meaning_of(row.number).is_transient, row.is_transient) << row.number;
  }
}

TEST(MysqlEncode, WhatLoadDataWouldTakeForItselfIsEscaped) {
  std::string text = "x";
  append_escaped(std::string_view("a\tb\nc\rd\\e'f\"\0g\x1a\xff", 16), text);
  EXPECT_EQ(text, "xa\\tb\\nc\\rd\\\\e\\'f\"\\0g\\Z\xff");
  append_escaped("", text);
  append_escaped("\n", text);
  EXPECT_TRUE(text.ends_with("\xff\\n"));
}

TableColumn column(std::string data_type, std::string type, ColumnKind kind, int precision = 0, int scale = 0) {
  TableColumn made;
  made.data_type = std::move(data_type);
  made.is_unsigned = type.find("unsigned") != std::string::npos;
  made.target.type = std::move(type);
  made.kind = kind;
  made.precision = precision;
  made.scale = scale;
  return made;
}

TEST(MysqlTable, WidensAsFarAsNothingIsLost) {
  const auto integer = [](const char* type) {
    const std::string text = type;
    return column(text.substr(0, text.find(' ')), text, ColumnKind::integer);
  };
  EXPECT_EQ(widened_type(TypeId::bigint, integer("int")), "bigint");
  EXPECT_EQ(widened_type(TypeId::integer, integer("mediumint")), "int");
  EXPECT_EQ(widened_type(TypeId::smallint, integer("mediumint")), std::nullopt);
  EXPECT_EQ(widened_type(TypeId::integer, integer("bigint")), std::nullopt);
  EXPECT_EQ(widened_type(TypeId::uinteger, integer("int")), "bigint");
  EXPECT_EQ(widened_type(TypeId::integer, integer("int unsigned")), "bigint");
  EXPECT_EQ(widened_type(TypeId::usmallint, integer("int")), std::nullopt);
  EXPECT_EQ(widened_type(TypeId::ubigint, integer("bigint")), "decimal(20,0)");
  EXPECT_EQ(widened_type(TypeId::bigint, integer("bigint unsigned")), "decimal(20,0)");
  EXPECT_EQ(widened_type(TypeId::hugeint, integer("bigint")), "decimal(39,0)");
  EXPECT_EQ(widened_type(Type::decimal(10, 2), column("decimal", "decimal(8,3)", ColumnKind::decimal, 8, 3)),
            "decimal(11,3)");
  EXPECT_EQ(widened_type(Type::decimal(5, 2), column("decimal", "decimal(8,3)", ColumnKind::decimal, 8, 3)),
            std::nullopt);
  EXPECT_EQ(widened_type(TypeId::double_, column("float", "float", ColumnKind::float_)), "double");
  EXPECT_EQ(widened_type(TypeId::timestamp, column("date", "date", ColumnKind::date)), "datetime(6)");
  EXPECT_EQ(widened_type(TypeId::timestamp, column("datetime", "datetime(3)", ColumnKind::datetime, 0, 3)),
            "datetime(6)");
  EXPECT_EQ(widened_type(TypeId::varchar, column("varchar", "varchar(3)", ColumnKind::text)), "longtext");
  EXPECT_EQ(widened_type(TypeId::varchar, integer("int")), std::nullopt);
}

TEST(MysqlTable, KeysHaveTypesThatCanBeIndexed) {
  EXPECT_EQ(create_statement("`t`", {{"a`b", TypeId::varchar}, {"n", TypeId::varchar}}, {"a`b"}),
            "CREATE TABLE `t` (\n  `a``b` varchar(255) NOT NULL,\n  `n` longtext NULL,\n  PRIMARY KEY (`a``b`)\n) "
            "ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4");
}

TEST(SelectQuery, DividesRowsSoThatEachIsReadOnce) {
  EXPECT_EQ(sql::range_conditions("`c`", {"5", "9"}),
            (std::vector<std::string>{"(`c` < 5 OR `c` IS NULL)", "`c` >= 5 AND `c` < 9", "`c` >= 9"}));
  EXPECT_EQ(sql::range_conditions("`c`", {}), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace spillway::drivers::mysql
