#include "pipeline/place.hpp"

#include <utility>

#include "util/strings.hpp"

namespace spillway::pipeline {

Place find_place(const Node* root, Position position, const std::vector<std::string>& path) {
  Place place{position, position, root, nullptr};
  for (const std::string& segment : path) {
    if (place.value == nullptr) return place;
    const Node* value = nullptr;
    if (place.value->kind == NodeKind::list) {
      const auto index = parse_uint(segment);
      if (index && *index < place.value->items.size()) value = &place.value->items[*index];
      if (value != nullptr) place.key_position = value->position;
    } else if (const MapEntry* entry = place.value->find(segment)) {
      value = &entry->value;
      place.key_position = entry->key_position;
    }
    place.parent = std::exchange(place.value, value);
    if (value != nullptr) place.position = value->position;
  }
  return place;
}

}  // namespace spillway::pipeline
