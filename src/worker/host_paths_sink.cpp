#include "worker/host_paths_sink.hpp"

#include <utility>
#include <variant>

#include "util/strings.hpp"

namespace spillway::worker {
namespace {

using protocol::Json;

void take_out(const std::string& root, Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (text.find(root) != std::string::npos) text = replace_all(std::move(text), root, "");
  }
  if (!value.is_structured()) return;
  for (Json& child : value) take_out(root, child);
}

}  // namespace

void HostPathsSink::emit(protocol::Message message) {
  if (auto* response = std::get_if<protocol::Response>(&message)) take_out(m_root, response->body);
  if (auto* event = std::get_if<protocol::Event>(&message)) take_out(m_root, event->data);
  if (auto* metric = std::get_if<protocol::Metric>(&message)) take_out(m_root, metric->tags);
  m_sink.emit(std::move(message));
}

}  // namespace spillway::worker
