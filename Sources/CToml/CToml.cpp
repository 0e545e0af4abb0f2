#include "CToml.h"

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "SafeToml.h"

#include "KeyDepth.h"

struct ctoml_document {
  // Owns every string that a value or key points to.
  toml::table table;
  // One vector per table or array; a deque never moves its elements.
  std::deque<std::vector<ctoml_entry>> entries;
  ctoml_value root{};

  bool failed = false;
  std::string message;
  ctoml_text error{};
  ctoml_position error_position{};

  void fail(std::string text, ctoml_position position) {
    failed = true;
    message = std::move(text);
    error = {message.data(), message.size()};
    error_position = position;
  }
};

namespace {

ctoml_position position_of(const toml::source_region &region) {
  return {region.begin.line, region.begin.column};
}

ctoml_text text_of(std::string_view text) { return {text.data(), text.size()}; }

ctoml_value value_of(ctoml_document &document, const toml::node &node);

// Both containers end here: `add` appends the entries to the vector that it is given.
template <typename Add>
void fill(ctoml_document &document, ctoml_value &value, size_t count, Add add) {
  std::vector<ctoml_entry> &entries = document.entries.emplace_back();
  entries.reserve(count);
  add(entries);
  value.entries = entries.data();
  value.count = entries.size();
}

ctoml_value value_of(ctoml_document &document, const toml::node &node) {
  ctoml_value value{};
  value.position = position_of(node.source());
  switch (node.type()) {
  case toml::node_type::table:
    value.kind = CTOML_TABLE;
    fill(document, value, node.as_table()->size(), [&](std::vector<ctoml_entry> &entries) {
      for (const auto &[key, child] : *node.as_table())
        entries.push_back(
            {text_of(key.str()), position_of(key.source()), value_of(document, child)});
    });
    break;
  case toml::node_type::array:
    value.kind = CTOML_ARRAY;
    fill(document, value, node.as_array()->size(), [&](std::vector<ctoml_entry> &entries) {
      for (const toml::node &child : *node.as_array())
        entries.push_back({{}, position_of(child.source()), value_of(document, child)});
    });
    break;
  case toml::node_type::string:
    value.kind = CTOML_STRING;
    value.string = text_of(node.as_string()->get());
    break;
  case toml::node_type::integer:
    value.kind = CTOML_INTEGER;
    value.integer = node.as_integer()->get();
    break;
  case toml::node_type::floating_point:
    value.kind = CTOML_FLOAT;
    value.floating = node.as_floating_point()->get();
    break;
  case toml::node_type::boolean:
    value.kind = CTOML_BOOLEAN;
    value.boolean = node.as_boolean()->get();
    break;
  case toml::node_type::date:
    value.kind = CTOML_DATE;
    break;
  case toml::node_type::time:
    value.kind = CTOML_TIME;
    break;
  case toml::node_type::date_time:
  case toml::node_type::none:
    value.kind = CTOML_DATE_TIME;
    break;
  }
  return value;
}

} // namespace

ctoml_document *ctoml_parse(const char *text, size_t length) {
  auto *document = new ctoml_document;
  const std::string_view source(text, length);
  if (const auto position = first_key_too_deep(source)) {
    document->fail("a key has more than 32 parts", *position);
    return document;
  }
  toml::parse_result result = toml::parse(source);
  if (!result) {
    const toml::parse_error &error = result.error();
    document->fail(std::string(error.description()), position_of(error.source()));
    return document;
  }
  document->table = std::move(result).table();
  document->root = value_of(*document, document->table);
  return document;
}

void ctoml_free(ctoml_document *document) { delete document; }

const ctoml_text *ctoml_error(const ctoml_document *document, ctoml_position *position) {
  if (!document->failed)
    return nullptr;
  *position = document->error_position;
  return &document->error;
}

const ctoml_value *ctoml_root(const ctoml_document *document) {
  return document->failed ? nullptr : &document->root;
}
