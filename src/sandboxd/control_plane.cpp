#include "sandboxd/control_plane.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sandboxd/json_response.hpp"
#include "util/strings.hpp"

namespace spillway::sandboxd {
namespace {

using nlohmann::ordered_json;

constexpr unsigned k_created = 201;
constexpr std::uint64_t k_bytes_per_megabyte = std::uint64_t{1} << 20;
constexpr std::uint64_t k_page = 100;
/// What a request is told of its life when it says nothing: of the first version's interface, and of the second's.
constexpr std::chrono::seconds k_life_in_version_1{15};
constexpr std::chrono::seconds k_life_in_version_2{300};
constexpr std::int64_t k_longest_seconds = 366LL * 24 * 3600;

HttpResponse nothing() { return {k_http_no_content, {}, std::string()}; }

Json object_of(const std::string& body) {
  if (body.empty()) return Json::object();
  Json object = Json::parse(body, nullptr, false);
  if (!object.is_object()) refuse(400, "the body is no JSON object");
  return object;
}

/// The value of a field; null when there is none, or null.
const Json* field(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::map<std::string, std::string> texts_in(const Json& object, const char* name) {
  const Json* value = field(object, name);
  if (value == nullptr) return {};
  std::map<std::string, std::string> texts;
  const bool is_good =
      value->is_object() && std::ranges::all_of(*value, [](const Json& one) { return one.is_string(); });
  if (!is_good) refuse(400, fmt::format("'{}' has to be an object of texts", name));
  for (const auto& [key, one] : value->items()) texts[key] = one.get<std::string>();
  return texts;
}

std::chrono::seconds seconds_in(const Json& object, const char* name, std::chrono::seconds otherwise) {
  const Json* value = field(object, name);
  if (value == nullptr) return otherwise;
  if (!value->is_number_integer()) refuse(400, fmt::format("'{}' has to be a number of seconds", name));
  const auto seconds = value->get<std::int64_t>();
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, k_longest_seconds));
}

bool is_true(const Json& object, const char* name) {
  const Json* value = field(object, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

bool is_false(const Json& object, const char* name) {
  const Json* value = field(object, name);
  return value != nullptr && value->is_boolean() && !value->get<bool>();
}

/// What would change what the sandbox is: to ignore it would be a surprise.
void refuse_what_is_not_offered(const Json& wanted) {
  if (is_true(wanted, "autoPause")) refuse(400, "sandboxes cannot be paused here: leave 'autoPause' out");
  for (const char* name : {"volumeMounts", "mcp", "iam"}) {
    if (const Json* value = field(wanted, name); value != nullptr && !value->empty()) {
      refuse(400, fmt::format("'{}' is not offered here", name));
    }
  }
}

ordered_json sandbox_json(const Sandbox& sandbox) {
  const SandboxIdentity& identity = sandbox.identity();
  return {{"templateID", identity.template_id},
          {"sandboxID", identity.id},
          {"clientID", "spillway"},
          {"envdVersion", k_envd_version},
          {"envdAccessToken", identity.token},
          {"trafficAccessToken", nullptr},
          {"domain", nullptr}};
}

ordered_json listed_json(const Keeper& keeper, const Keeper::Kept& kept) {
  const SandboxIdentity& identity = kept.sandbox->identity();
  const JailLimits& limits = keeper.options().limits;
  return {{"templateID", identity.template_id},
          {"sandboxID", identity.id},
          {"clientID", "spillway"},
          {"startedAt", to_iso8601(identity.started)},
          {"endAt", to_iso8601(kept.end)},
          {"cpuCount", std::max(1U, std::thread::hardware_concurrency())},
          {"memoryMB", limits.memory_bytes / k_bytes_per_megabyte},
          {"diskSizeMB", limits.disk_bytes / k_bytes_per_megabyte},
          {"metadata", identity.metadata},
          {"state", "running"},
          {"envdVersion", k_envd_version}};
}

HttpResponse create(Keeper& keeper, const std::string& body, std::chrono::seconds usual_life) {
  const Json wanted = object_of(body);
  const Json* template_id = field(wanted, "templateID");
  if (template_id == nullptr || !template_id->is_string()) refuse(400, "'templateID' is missing");
  refuse_what_is_not_offered(wanted);
  const auto sandbox = keeper.create({.template_id = template_id->get<std::string>(),
                                      .life = seconds_in(wanted, "timeout", usual_life),
                                      .metadata = texts_in(wanted, "metadata"),
                                      .environment = texts_in(wanted, "envVars"),
                                      .is_cut_off = is_false(wanted, "allow_internet_access")});
  return json_response(k_created, sandbox_json(*sandbox));
}

[[noreturn]] void refuse_unknown(const std::string& id) { refuse(404, fmt::format("Sandbox '{}' not found", id)); }

Keeper::Kept kept_sandbox(Keeper& keeper, const std::string& id) {
  std::optional<Keeper::Kept> kept = keeper.find_kept(id);
  if (!kept) refuse_unknown(id);
  return std::move(*kept);
}

HttpResponse show(Keeper& keeper, const std::string& id) {
  const Keeper::Kept kept = kept_sandbox(keeper, id);
  ordered_json shown = listed_json(keeper, kept);
  shown["envdAccessToken"] = kept.sandbox->identity().token;
  shown["domain"] = nullptr;
  return json_response(k_http_ok, shown);
}

HttpResponse connect(Keeper& keeper, const std::string& id, const std::string& body, bool is_version_2) {
  const Json wanted = object_of(body);
  if (!is_version_2 && field(wanted, "timeout") == nullptr) refuse(400, "'timeout' is missing");
  const std::chrono::seconds life = seconds_in(wanted, "timeout", k_life_in_version_2);
  if (!keeper.set_life(id, life, Keeper::Change::extend)) refuse_unknown(id);
  return json_response(k_http_ok, sandbox_json(*kept_sandbox(keeper, id).sandbox));
}

HttpResponse set_timeout(Keeper& keeper, const std::string& id, const std::string& body) {
  const Json wanted = object_of(body);
  if (field(wanted, "timeout") == nullptr) refuse(400, "'timeout' is missing");
  if (!keeper.set_life(id, seconds_in(wanted, "timeout", {}), Keeper::Change::set)) refuse_unknown(id);
  return nothing();
}

HttpResponse refresh(Keeper& keeper, const std::string& id, const std::string& body) {
  const std::chrono::seconds life = seconds_in(object_of(body), "duration", k_life_in_version_1);
  if (!keeper.set_life(id, std::max(life, k_life_in_version_1), Keeper::Change::extend)) refuse_unknown(id);
  return nothing();
}

HttpResponse metrics(Keeper& keeper, const std::string& id) {
  const Keeper::Kept kept = kept_sandbox(keeper, id);
  Usage usage;
  try {
    usage = kept.sandbox->measure();
  } catch (const RpcError&) {
    refuse_unknown(id);
  }
  const WallTime now = std::chrono::system_clock::now();
  return json_response(k_http_ok, {{{"timestamp", to_iso8601(now)},
                                    {"timestampUnix", epoch_milliseconds(now) / 1000},
                                    {"cpuCount", std::max(1U, std::thread::hardware_concurrency())},
                                    {"cpuUsedPct", usage.cpu_percent},
                                    {"memUsed", usage.memory_bytes},
                                    {"memTotal", keeper.options().limits.memory_bytes},
                                    {"memCache", usage.disk_used},  // files are in memory
                                    {"diskUsed", usage.disk_used},
                                    {"diskTotal", usage.disk_total}}});
}

/// Percent signs and pluses undone; a percent sign without two digits stands for itself.
std::string decoded(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string pair = text[at] == '%' ? to_lower(text.substr(at + 1, 2)) : "";
    const bool is_encoded = pair.size() == 2 && pair.find_first_not_of(k_digits) == std::string::npos;
    if (is_encoded) {
      plain += static_cast<char>(k_digits.find(pair[0]) << 4U | k_digits.find(pair[1]));
      at += 2;
    } else {
      plain += text[at] == '+' ? ' ' : text[at];
    }
  }
  return plain;
}

/// Where in the order of the list a sandbox stands.
std::string place_of(const Keeper::Kept& kept) {
  const SandboxIdentity& identity = kept.sandbox->identity();
  return fmt::format("{}_{}", to_iso8601(identity.started), identity.id);
}

bool matches(const Keeper::Kept& kept, const HttpRequest& request, const std::map<std::string, std::string>& filter) {
  const SandboxIdentity& identity = kept.sandbox->identity();
  const std::string_view wanted_template = request.parameter("template");
  if (!wanted_template.empty() && identity.template_id != wanted_template) return false;
  return std::ranges::all_of(filter, [&](const auto& wanted) {
    const auto found = identity.metadata.find(wanted.first);
    return found != identity.metadata.end() && found->second == wanted.second;
  });
}

bool wants_running(std::string_view states) {
  const std::vector<std::string> list = split(states, ',');
  return states.empty() || std::ranges::find(list, "running") != list.end();
}

HttpResponse list(Keeper& keeper, const HttpRequest& request, bool has_pages) {
  const auto filter = parse_metadata_filter(request.parameter("metadata"));
  std::vector<Keeper::Kept> all = keeper.list();
  std::ranges::sort(all, {}, &place_of);
  const bool is_ascending = request.parameter("order") == "asc";
  if (!is_ascending) std::ranges::reverse(all);
  const std::string_view after = request.parameter("nextToken");
  const std::string_view limit_text = request.parameter("limit");
  const std::uint64_t limit = limit_text.empty() ? k_page : parse_uint(limit_text).value_or(0);
  if (limit < 1 || limit > k_page) refuse(400, fmt::format("'limit' has to be a number from 1 to {}", k_page));
  ordered_json shown = ordered_json::array();
  std::string last;
  HttpResponse response;
  for (const Keeper::Kept& kept : all) {
    const std::string place = place_of(kept);
    if (!after.empty() && (is_ascending ? place <= after : place >= after)) continue;
    if (!wants_running(request.parameter("state")) || !matches(kept, request, filter)) continue;
    if (has_pages && shown.size() == limit) {
      response.headers.emplace_back("X-Next-Token", last);
      break;
    }
    shown.push_back(listed_json(keeper, kept));
    last = place;
  }
  HttpResponse body = json_response(k_http_ok, shown);
  body.headers.insert(body.headers.end(), response.headers.begin(), response.headers.end());
  return body;
}

HttpResponse serve_collection(Keeper& keeper, const HttpRequest& request, const std::string& body,
                              bool is_version_2) {
  if (request.method == "POST") return create(keeper, body, is_version_2 ? k_life_in_version_2 : k_life_in_version_1);
  if (request.method == "GET") return list(keeper, request, is_version_2);
  refuse(405, fmt::format("{} is not allowed on {}", request.method, request.path));
}

HttpResponse serve_one(Keeper& keeper, const HttpRequest& request, const std::string& body, const std::string& id,
                       const std::string& action, bool is_version_2) {
  if (action.empty() && request.method == "GET") return show(keeper, id);
  if (action.empty() && request.method == "DELETE") {
    if (!keeper.remove(id)) refuse_unknown(id);
    return nothing();
  }
  if (action == "metrics" && request.method == "GET") return metrics(keeper, id);
  if (request.method == "POST") {
    if (action == "timeout") return set_timeout(keeper, id, body);
    if (action == "refreshes") return refresh(keeper, id, body);
    if (action == "connect") return connect(keeper, id, body, is_version_2);
  }
  kept_sandbox(keeper, id);
  refuse(501, fmt::format("{} {} is not offered here", request.method, request.path));
}

}  // namespace

bool is_control_path(std::string_view path) {
  return std::ranges::any_of(std::array{"/sandboxes", "/v2/sandboxes"}, [&](std::string_view start) {
    return path == start || (path.starts_with(start) && path[start.size()] == '/');
  });
}

HttpResponse serve_control(Keeper& keeper, const HttpRequest& request, const std::string& body) {
  std::vector<std::string> parts = split(request.path.substr(1), '/');
  const bool is_version_2 = parts.front() == "v2";
  if (is_version_2) parts.erase(parts.begin());
  if (parts.size() > 3) refuse(404, fmt::format("there is no {}", request.path));
  if (parts.size() == 1) return serve_collection(keeper, request, body, is_version_2);
  // Ids of an older kind have the client's behind a dash.
  const std::string id = parts[1].substr(0, parts[1].find('-'));
  return serve_one(keeper, request, body, id, parts.size() == 3 ? parts[2] : "", is_version_2);
}

std::map<std::string, std::string> parse_metadata_filter(std::string_view text) {
  std::map<std::string, std::string> filter;
  if (text.empty()) return filter;
  for (const std::string& part : split(decoded(text), '&')) {
    const std::size_t at = part.find('=');
    if (at == std::string::npos) refuse(400, "'metadata' has to be k=v&k2=v2");
    filter[decoded(part.substr(0, at))] = decoded(part.substr(at + 1));
  }
  return filter;
}

}  // namespace spillway::sandboxd
