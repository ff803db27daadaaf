#include "pipeline/cron.hpp"

#include <gtest/gtest.h>

namespace spillway::pipeline {
namespace {

TEST(Cron, FiveFieldsOrANickname) {
  for (const char* text : {"* * * * *", "0 6 * * *", "*/15 6-20 1,15 jan-JUN mon-fri", "59 23 31 12 7",
                           "0 0 1-7/2 * sun", "@daily", "0  6 * * *"}) {
    EXPECT_EQ(cron_problem(text), "") << text;
  }
}

TEST(Cron, WhatIsNoneIsTold) {
  EXPECT_EQ(cron_problem("every day"),
            "it has 2 fields, not five: minute, hour, day of the month, month, day of the week");
  EXPECT_EQ(cron_problem("60 6 * * *"), "'60' is no minute, which is 0 to 59");
  EXPECT_EQ(cron_problem("0 6 0 * *"), "'0' is no day of the month, which is 1 to 31");
  EXPECT_EQ(cron_problem("@often"),
            "the nicknames are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly");
  for (const char* text : {"5-1 * * * *", "*/0 * * * *", "a * * * *", "1, * * * *", "", "- * * * *", "* * * mon *"}) {
    EXPECT_NE(cron_problem(text), "") << text;
  }
}

TEST(Cron, TimeZonesHaveNames) {
  for (const char* text : {"UTC", "Europe/Prague", "America/Argentina/Buenos_Aires", "Etc/GMT+5"}) {
    EXPECT_TRUE(is_time_zone_name(text)) << text;
  }
  for (const char* text : {"", "Europe Prague", "+02:00", "Europe/", "../etc"}) {
    EXPECT_FALSE(is_time_zone_name(text)) << text;
  }
}

}  // namespace
}  // namespace spillway::pipeline
