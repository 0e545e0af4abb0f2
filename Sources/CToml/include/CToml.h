// toml++ behind plain C: text in, a tree of plain structs out.
//
// Lines and columns count from 1; a column counts characters (Unicode scalars), as toml++ does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ctoml_kind {
  CTOML_TABLE,
  CTOML_ARRAY,
  CTOML_STRING,
  CTOML_INTEGER,
  CTOML_FLOAT,
  CTOML_BOOLEAN,
  // The value itself is not passed on.
  CTOML_DATE,
  CTOML_TIME,
  CTOML_DATE_TIME
} ctoml_kind;

typedef struct ctoml_position {
  uint32_t line;
  uint32_t column;
} ctoml_position;

// UTF-8, `length` bytes, not terminated; may hold NUL.
typedef struct ctoml_text {
  const char *bytes;
  size_t length;
} ctoml_text;

typedef struct ctoml_entry ctoml_entry;

typedef struct ctoml_value {
  ctoml_kind kind;
  // Where the value begins; for a table or an element of an array of tables with a header, the
  // header's first bracket.
  ctoml_position position;
  ctoml_text string;
  int64_t integer;
  double floating;
  bool boolean;
  // What a table or array holds, `count` of them; a table's are in the order of their keys, an
  // array's in the document's.
  const ctoml_entry *entries;
  size_t count;
} ctoml_value;

struct ctoml_entry {
  // Empty in an array.
  ctoml_text key;
  // Where the key was first written; in an array, the value's own position.
  ctoml_position key_position;
  ctoml_value value;
};

typedef struct ctoml_document ctoml_document;

// Parses `length` bytes of UTF-8 at `text`, which are not needed any more once it returns.
//
// The result is the caller's, also when the text is no TOML, and never null (out of memory ends the
// process). Everything reached through it lives until ctoml_free.
ctoml_document *ctoml_parse(const char *text, size_t length);

// Frees a document and all that was reached through it; null is fine.
void ctoml_free(ctoml_document *document);

// Why the text is no TOML, and where; null when it is.
const ctoml_text *ctoml_error(const ctoml_document *document, ctoml_position *position);

// The document's top-level table; null when the text is no TOML.
const ctoml_value *ctoml_root(const ctoml_document *document);

#ifdef __cplusplus
}
#endif
