#include "run/exit_code.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace spillway::run {
namespace {

struct Row {
  Phase phase;
  ErrorCode code;
  int exit_code;
};

class ExitCode : public ::testing::TestWithParam<Row> {};

TEST_P(ExitCode, FollowsFromPhaseAndCode) {
  const Row row = GetParam();
  EXPECT_EQ(exit_code(row.phase, row.code), row.exit_code) << to_string(row.code);
}

// contracts.md, "Exit codes".
INSTANTIATE_TEST_SUITE_P(
    Table, ExitCode,
    ::testing::Values(Row{Phase::command, ErrorCode::usage, 2}, Row{Phase::command, ErrorCode::invalid_pipeline, 3},
                      Row{Phase::command, ErrorCode::permission_denied, 1},
                      Row{Phase::command, ErrorCode::disk_full, 1}, Row{Phase::command, ErrorCode::io, 1},
                      Row{Phase::command, ErrorCode::internal, 1}, Row{Phase::command, ErrorCode::connection, 4},
                      Row{Phase::prepare, ErrorCode::internal, 7}, Row{Phase::prepare, ErrorCode::sandbox, 7},
                      Row{Phase::prepare, ErrorCode::protocol, 7}, Row{Phase::prepare, ErrorCode::out_of_memory, 7},
                      Row{Phase::prepare, ErrorCode::disk_full, 7}, Row{Phase::prepare, ErrorCode::invalid_config, 3},
                      Row{Phase::prepare, ErrorCode::connection, 4}, Row{Phase::prepare, ErrorCode::timeout, 124},
                      Row{Phase::step, ErrorCode::sql, 1}, Row{Phase::step, ErrorCode::input_not_found, 1},
                      Row{Phase::step, ErrorCode::invalid_config, 1}, Row{Phase::step, ErrorCode::connection, 1},
                      Row{Phase::step, ErrorCode::usage, 1}, Row{Phase::step, ErrorCode::cancelled, 1},
                      Row{Phase::step, ErrorCode::timeout, 124}, Row{Phase::step, ErrorCode::sandbox, 7},
                      Row{Phase::step, ErrorCode::protocol, 7}));

TEST(ExitCodeOfSignal, IsWhatAShellWouldSay) {
  EXPECT_EQ(exit_code_of_signal(SIGINT), 130);
  EXPECT_EQ(exit_code_of_signal(SIGTERM), 143);
}

}  // namespace
}  // namespace spillway::run
