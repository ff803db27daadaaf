#include "sandboxd/filesystem_rpc.hpp"

#include <fmt/format.h>

namespace spillway::sandboxd {
namespace {

ordered_json part_of(const Json& answer, const char* name) {
  const auto found = answer.find(name);
  return found == answer.end() ? ordered_json() : ordered_json(*found);
}

}  // namespace

ordered_json call_filesystem(Sandbox& sandbox, std::string_view method, const Json& message) {
  const MessageReader request(message);
  const std::string path = request.text("path");
  if (method == "Stat") return {{"entry", part_of(sandbox.ask({{"do", "stat"}, {"path", path}}), "entry")}};
  if (method == "MakeDir") return {{"entry", part_of(sandbox.ask({{"do", "make_dir"}, {"path", path}}), "entry")}};
  if (method == "ListDir") {
    const Json answer = sandbox.ask({{"do", "list"}, {"path", path}, {"depth", request.number("depth")}});
    return {{"entries", part_of(answer, "entries")}};
  }
  if (method == "Move") {
    const Json answer =
        sandbox.ask({{"do", "move"}, {"from", request.text("source")}, {"to", request.text("destination")}});
    return {{"entry", part_of(answer, "entry")}};
  }
  if (method == "Remove") {
    sandbox.ask({{"do", "remove"}, {"path", path}});
    return ordered_json::object();
  }
  throw RpcError(RpcCode::unimplemented, fmt::format("filesystem.Filesystem/{} is not offered here", method));
}

}  // namespace spillway::sandboxd
