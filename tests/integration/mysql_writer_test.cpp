#include "drivers/sql/staging.hpp"
#include "integration/mysql_fixture.hpp"

namespace spillway::testing {
namespace {

using drivers::Json;
using ::testing::HasSubstr;

class MysqlWriter : public MysqlTest {
 protected:
  drivers::StepResult write(Json config) { return run("mysql.writer", std::move(config), {{"df", "frame"}}); }
  std::string write_error(Json config) {
    return error_of("mysql.writer", std::move(config), {{"df", "frame"}}).to_display();
  }
  /// All tables of the case's database: what a run left behind too.
  static std::string tables() { return sql("SHOW TABLES"); }
  void three_rows() { make_frame("SELECT i AS id, 'name ' || i AS name FROM range(1, 4) AS r(i)"); }
};

TEST_F(MysqlWriter, CreatesATableAndKeepsTheDdl) {
  three_rows();
  EXPECT_EQ(write_error({{"table", "made"}}),
            "error: cannot write table 'made': there is no table 'made'\n"
            "  hint: create_if_missing: true creates it with the columns of the input");
  write({{"table", "made"}, {"create_if_missing", true}, {"primary_key", "id"}});
  EXPECT_EQ(sql("SELECT * FROM made"), "1\tname 1\n2\tname 2\n3\tname 3\n");
  EXPECT_EQ(DriverTest::read("run/artifacts/step/ddl.sql"),
            "CREATE TABLE `t`.`made` (\n  `id` bigint NOT NULL,\n  `name` longtext NULL,\n  PRIMARY KEY (`id`)\n) "
            "ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4;\n");
  EXPECT_EQ(tables(), "made\n");
}

TEST_F(MysqlWriter, TextsArriveByteByByte) {
  connection().execute(
      "CREATE OR REPLACE TABLE frame AS SELECT * FROM (VALUES (1, 'tab\t nl\n cr\r bs\\ q'' \"', "
      "'\\x00\\x0A\\x5C'::BLOB), "
      "(2, '\\N', ''::BLOB), (3, '', NULL), (4, NULL, '\\xFF'::BLOB), (5, 'NULL', 'a'::BLOB), (6, '🐎' || chr(26), "
      "NULL)) AS v(id, s, b)");
  const std::string shown = "SELECT id, HEX(s), HEX(b) FROM x ORDER BY id";
  const std::string expected =
      "1\t746162092"
      "06E6C0A2063720D2062735C2071272022\t000A5C\n2\t5C4E\t\n3\t\tNULL\n4\tNULL\tFF\n"
      "5\t4E554C4C\t61\n6\tF09F908E1A\tNULL\n";
  for (const char* method : {"load_data", "insert"}) {
    write({{"table", "x"}, {"create_if_missing", true}, {"write_mode", "replace"}, {"method", method}});
    EXPECT_EQ(sql(shown), expected) << method;
  }
}

TEST_F(MysqlWriter, ReplaceSwapsTheTable) {
  sql("CREATE TABLE r (id int, name varchar(20), KEY (name)); INSERT INTO r VALUES (9, 'before')");
  three_rows();
  EXPECT_EQ(write({{"table", "r"}, {"write_mode", "replace"}}).rows_written, 3U);
  EXPECT_EQ(sql("SELECT * FROM r ORDER BY id"), "1\tname 1\n2\tname 2\n3\tname 3\n");
  EXPECT_THAT(sql("SHOW CREATE TABLE r"), HasSubstr("KEY `name` (`name`)"));
  EXPECT_EQ(tables(), "r\n");
}

TEST_F(MysqlWriter, ReplaceKeepsATableThatOthersDependOn) {
  sql("CREATE TABLE r (id int PRIMARY KEY, name varchar(20)); INSERT INTO r VALUES (1, 'before'), (7, 'gone');"
      "CREATE TABLE log (n int); CREATE TRIGGER seen AFTER INSERT ON r FOR EACH ROW INSERT INTO log VALUES (NEW.id);"
      "CREATE TABLE child (r int, FOREIGN KEY (r) REFERENCES r (id))");
  three_rows();
  EXPECT_EQ(write({{"table", "r"}, {"write_mode", "replace"}}).rows_written, 3U);
  EXPECT_EQ(sql("SELECT * FROM r ORDER BY id; SELECT COUNT(*) FROM log"), "1\tname 1\n2\tname 2\n3\tname 3\n3\n");
  sql("INSERT INTO child VALUES (2)");
  EXPECT_THAT(write_error({{"table", "r"}, {"write_mode", "replace"}}),
              HasSubstr("Cannot delete or update a parent row"));
  EXPECT_EQ(sql("SELECT COUNT(*) FROM r"), "3\n");
  EXPECT_EQ(tables(), "child\nlog\nr\n");
}

TEST_F(MysqlWriter, TruncateTakesTheRowsBackWhenItFails) {
  sql("CREATE TABLE r (id tinyint, name varchar(6)); INSERT INTO r VALUES (9, 'before')");
  three_rows();
  EXPECT_EQ(write({{"table", "r"}, {"write_mode", "truncate"}}).rows_written, 3U);
  EXPECT_EQ(sql("SELECT COUNT(*) FROM r"), "3\n");
  make_frame("SELECT i AS id, 'name ' || i AS name FROM range(1, 12) AS r(i)");
  EXPECT_EQ(
      write_error({{"table", "r"}, {"write_mode", "truncate"}}),
      "error: cannot write table 'r': Data truncated for column 'name' at row 10 [error 1265]; row 10 of the input "
      "is {'id': 10, 'name': name 10}");
  EXPECT_EQ(sql("SELECT COUNT(*) FROM r"), "3\n");
}

TEST_F(MysqlWriter, AKeyThatIsThereIsShownWithItsRow) {
  sql("CREATE TABLE a (id bigint PRIMARY KEY, name varchar(20)); INSERT INTO a VALUES (2, 'before')");
  three_rows();
  const std::string expected =
      "error: cannot write table 'a': Duplicate entry '2' for key 'PRIMARY' [error 1062]; row 2 of the input is "
      "{'id': "
      "2, 'name': name 2}\n  hint: the key is there already: write_mode: upsert updates such rows";
  EXPECT_EQ(write_error({{"table", "a"}}), expected);
  EXPECT_EQ(sql("SELECT * FROM a"), "2\tbefore\n");
}

TEST_F(MysqlWriter, UpsertNeverTakesAnotherUniqueKeyForIt) {
  sql("CREATE TABLE u (id int PRIMARY KEY, mail varchar(20) UNIQUE); INSERT INTO u VALUES (1, 'a'), (2, 'b')");
  make_frame("SELECT * FROM (VALUES (1, 'aa'), (3, 'c')) AS v(id, mail)");
  const Json config{{"table", "u"}, {"write_mode", "upsert"}, {"primary_key", "id"}};
  write(config);
  EXPECT_EQ(sql("SELECT * FROM u ORDER BY id"), "1\taa\n2\tb\n3\tc\n");
  make_frame("SELECT 4 AS id, 'b' AS mail");
  EXPECT_THAT(write_error(config), HasSubstr("Duplicate entry 'b' for key 'mail' [error 1062]"));
  EXPECT_EQ(sql("SELECT * FROM u ORDER BY id"), "1\taa\n2\tb\n3\tc\n");
}

TEST_F(MysqlWriter, UpsertNeedsAUniqueKey) {
  sql("CREATE TABLE u (id int, name varchar(20))");
  three_rows();
  EXPECT_EQ(write_error({{"table", "u"}, {"write_mode", "upsert"}, {"primary_key", "id"}}),
            "error: cannot write table 'u': it has no primary key or unique index on (id)\n"
            "  hint: ALTER TABLE `t`.`u` ADD UNIQUE (`id`)");
}

TEST_F(MysqlWriter, TheLastOfDuplicateKeysCountsByEitherMethod) {
  make_frame("SELECT * FROM (VALUES (1, 'first'), (2, 'x'), (1, 'last')) AS v(id, name)");
  Json config{{"table", "u"},
              {"write_mode", "upsert"},
              {"primary_key", "id"},
              {"create_if_missing", true},
              {"duplicates", "last"}};
  for (const char* method : {"load_data", "insert"}) {
    config["method"] = method;
    write(config);
    EXPECT_EQ(sql("SELECT * FROM u ORDER BY id"), "1\tlast\n2\tx\n") << method;
  }
  make_frame("SELECT NULL::INTEGER AS id, 'x' AS name");
  EXPECT_EQ(write_error(config),
            "error: cannot write table 'u': column 'id', row 1: it is NULL, and primary_key names it\n"
            "  hint: filter such rows out in a duckdb.processor step, or give them a key");
}

TEST_F(MysqlWriter, ColumnsThatDifferAreToldAddedOrLeftOut) {
  sql("CREATE TABLE d (id tinyint, other int)");
  make_frame("SELECT 300 AS id, 'x' AS extra");
  EXPECT_EQ(write_error({{"table", "d"}}),
            "error: cannot write table 'd': it has no column 'extra'; the input has no column 'other'\n"
            "  hint: on_schema_change: evolve adds columns, ignore leaves them out");
  EXPECT_EQ(write_error({{"table", "d"}, {"on_schema_change", "ignore"}}),
            "error: cannot write table 'd': column 'id', row 1: 300 does not fit tinyint(4)\n"
            "  hint: on_schema_change: evolve widens columns; or convert it in a duckdb.processor step");
  write({{"table", "d"}, {"on_schema_change", "evolve"}});
  EXPECT_EQ(sql("SELECT * FROM d"), "300\tNULL\tx\n");
  EXPECT_EQ(DriverTest::read("run/artifacts/step/ddl.sql"),
            "ALTER TABLE `t`.`d` ADD COLUMN `extra` longtext NULL, MODIFY COLUMN `id` int NULL;\n");
}

TEST_F(MysqlWriter, GeneratedColumnsAndDefaultsFillThemselves) {
  sql("CREATE TABLE g (id int AUTO_INCREMENT PRIMARY KEY, a int, b int AS (a * 2) STORED, c int NOT NULL DEFAULT 5)");
  make_frame("SELECT 21 AS a");
  write({{"table", "g"}});
  write({{"table", "g"}, {"write_mode", "replace"}});
  EXPECT_EQ(sql("SELECT * FROM g"), "1\t21\t42\t5\n");
  make_frame("SELECT 1 AS a, 2 AS b");
  EXPECT_THAT(write_error({{"table", "g"}}), HasSubstr("its column 'b' is generated by the server"));
}

TEST_F(MysqlWriter, TablesWithoutTransactionsAreReplacedOnly) {
  sql("CREATE TABLE m (id bigint, name text) ENGINE = MyISAM");
  three_rows();
  EXPECT_EQ(
      write_error({{"table", "m"}}),
      "error: cannot write table 'm': its engine MyISAM has no transactions, so that a failed run would leave a "
      "part of the rows\n  hint: write_mode: replace works with every engine; or ALTER TABLE … ENGINE = InnoDB");
  write({{"table", "m"}, {"write_mode", "replace"}});
  EXPECT_EQ(sql("SELECT COUNT(*) FROM m"), "3\n");
}

TEST_F(MysqlWriter, WithoutLoadDataRowsGoByInsertWithANotice) {
  server().sql("SET GLOBAL local_infile = OFF");
  make_frame("SELECT i AS id, repeat('x', 100) AS s FROM range(20000) AS r(i)");
  write({{"table", "i"}, {"create_if_missing", true}});
  EXPECT_EQ(sql("SELECT COUNT(*), SUM(id), SUM(LENGTH(s)) FROM i"), "20000\t199990000\t2000000\n");
  EXPECT_THAT(sink().events("write_notice").at(0).at("notice").get<std::string>(), HasSubstr("local_infile is OFF"));
  EXPECT_THAT(write_error({{"table", "i"}, {"method", "load_data"}}), HasSubstr("[error "));
  server().sql("SET GLOBAL local_infile = ON");
}

TEST_F(MysqlWriter, StaleStagingTablesOfTheSameStepAreRemoved) {
  const std::string stale = drivers::sql::staging_table("pipeline", "step", "run_0/new");
  const std::string others = drivers::sql::staging_table("pipeline", "other", "run_0/new");
  sql("CREATE TABLE r (id bigint, name text); CREATE TABLE " + stale + " (a int); CREATE TABLE " + others +
      " (a int)");
  three_rows();
  write({{"table", "r"}, {"write_mode", "replace"}});
  EXPECT_EQ(tables(), others + "\nr\n");
}

TEST_F(MysqlWriter, ALockThatSomebodyHoldsIsWaitedForAndTold) {
  sql("CREATE TABLE l (id bigint, name text) ENGINE = InnoDB");
  three_rows();
  std::thread locker([] {
    try {
      sql("LOCK TABLES l WRITE; SELECT SLEEP(30)");
    } catch (const std::exception&) {  // it is killed
    }
  });
  while (sql("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(30)%'") != "1\n") {
  }
  const Error error = error_of("mysql.writer", {{"table", "l"}, {"lock_timeout", 1}}, {{"df", "frame"}});
  sql("KILL QUERY " + sql("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(30)%'"));
  locker.join();
  EXPECT_EQ(error.code, ErrorCode::timeout);
  EXPECT_THAT(error.full_message(), HasSubstr("Lock wait timeout exceeded"));
  EXPECT_EQ(error.hint, "somebody else holds a lock on the table: raise lock_timeout, or wait");
}

}  // namespace
}  // namespace spillway::testing
