#pragma once

#include "pipeline/graph.hpp"

namespace spillway::pipeline {

/// Reports names of inputs (df, input_df, df_<something>) that a processor's SQL reads and none of its inputs has.
void check_sql_inputs(const OmlDocument& document, const Graph& graph, Diagnostics& diagnostics);

}  // namespace spillway::pipeline
