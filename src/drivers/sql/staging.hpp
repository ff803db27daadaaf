#pragma once

#include <string>
#include <string_view>

namespace spillway::drivers::sql {

/// How the staging tables of one step of one pipeline begin. Other pipelines' tables begin otherwise, so that what
/// begins so and is not of this run was left behind by an earlier run of this step. At most 64 characters with the
/// session.
std::string staging_prefix(std::string_view pipeline_id, std::string_view step_id);
/// The staging table of this run.
std::string staging_table(std::string_view pipeline_id, std::string_view step_id, std::string_view session_id);
/// Whether `table` is a staging table of that prefix, but not that of this run.
bool is_stale_staging(std::string_view table, std::string_view prefix, std::string_view session_id);

}  // namespace spillway::drivers::sql
