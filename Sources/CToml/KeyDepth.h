// toml++ recurses once per part of a dotted key and has no limit for it, so a line of a million dots
// would exhaust the stack: such keys are found before it sees them.
#pragma once

#include "CToml.h"

#include <optional>
#include <string_view>

namespace {

constexpr int maximum_key_parts = 32;

// The end of the string that begins at `start`, past its closing quotes.
inline size_t end_of_string(std::string_view text, size_t start) {
  const char quote = text[start];
  const bool is_long = text.size() - start >= 3 && text[start + 1] == quote && text[start + 2] == quote;
  size_t index = start + (is_long ? 3 : 1);
  for (; index < text.size(); index++) {
    if (text[index] == '\\' && quote == '"') {
      index++;
    } else if (text[index] == '\n' && !is_long) {
      return index;
    } else if (text[index] == quote) {
      if (!is_long)
        return index + 1;
      if (text.size() - index >= 3 && text[index + 1] == quote && text[index + 2] == quote)
        return index + 3;
    }
  }
  return text.size();
}

// Where a dotted key gets its 33rd part; none in any sound settings file.
inline std::optional<ctoml_position> first_key_too_deep(std::string_view text) {
  int dots = 0;
  ctoml_position position{1, 1};
  const auto advance = [&](size_t from, size_t to) {
    for (size_t index = from; index < to; index++) {
      if (text[index] == '\n')
        position = {position.line + 1, 1};
      else if ((static_cast<unsigned char>(text[index]) & 0xC0) != 0x80)
        position.column++;
    }
  };
  size_t index = 0;
  while (index < text.size()) {
    size_t next = index + 1;
    switch (text[index]) {
    case '"':
    case '\'':
      next = end_of_string(text, index);
      break;
    case '#':
      next = text.find('\n', index);
      if (next == std::string_view::npos)
        next = text.size();
      break;
    case '.':
      if (++dots >= maximum_key_parts)
        return position;
      break;
    case '\n':
    case '=':
    case ',':
    case '[':
    case ']':
    case '{':
    case '}':
      dots = 0;
      break;
    default:
      break;
    }
    advance(index, next);
    index = next;
  }
  return std::nullopt;
}

} // namespace
