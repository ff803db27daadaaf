#include "drivers/mysql/parameters.hpp"

namespace spillway::drivers::mysql {
namespace {

/// Numbers go as decimals, so that none is rounded on its way.
enum_field_types parameter_type(const nlohmann::json& value) {
  if (value.is_null()) return MYSQL_TYPE_NULL;
  return value.is_number() || value.is_boolean() ? MYSQL_TYPE_NEWDECIMAL : MYSQL_TYPE_VAR_STRING;
}

std::string parameter_text(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "1" : "0";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

BoundParameters::BoundParameters(const nlohmann::json& values) {
  m_texts.reserve(values.size());
  for (const nlohmann::json& value : values) {
    std::string& text = m_texts.emplace_back(parameter_text(value));
    MYSQL_BIND& bind = m_binds.emplace_back();
    bind.buffer_type = parameter_type(value);
    bind.buffer = text.data();
    bind.buffer_length = text.size();
    bind.length_value = text.size();
    bind.length = nullptr;
  }
  for (MYSQL_BIND& bind : m_binds) bind.length = &bind.length_value;
}

}  // namespace spillway::drivers::mysql
