#include "drivers/file/csv_extractor.hpp"

#include <string>
#include <vector>

#include "support/driver_fixture.hpp"

namespace spillway::drivers::file {
namespace {

using testing::Row;
using testing::Rows;

class CsvExtractorTest : public testing::DriverTest {
 protected:
  void extract_csv(Json config) { extract("filesystem.csv_extractor", std::move(config)); }
  Error csv_error(Json config) { return error_of("filesystem.csv_extractor", std::move(config)); }
};

using Names = std::vector<std::string>;

TEST_F(CsvExtractorTest, ReadsAFileWithAHeader) {
  write("a.csv", "id,name,price,day\n1,x,1.10,2020-01-31\n2,,2.5,2020-02-01\n");
  extract_csv({{"path", "a.csv"}});
  EXPECT_EQ(columns(), (Names{"id BIGINT", "name VARCHAR", "price DOUBLE", "day DATE"}));
  EXPECT_EQ(rows(), (Rows{{"1", "x", "1.1", "2020-01-31"}, {"2", std::nullopt, "2.5", "2020-02-01"}}));
}

}  // namespace
}  // namespace spillway::drivers::file
