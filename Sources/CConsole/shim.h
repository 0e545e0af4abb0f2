#pragma once

// What a command line needs of glibc and its Swift module leaves out.
#include <getopt.h>
#include <wchar.h>

// getopt's state is in global variables, which Swift sees only through functions.
static inline void cconsole_getopt_reset(void) {
  optind = 0;  // also forgets a previous scan (getopt(3), Notes)
  opterr = 0;
}
static inline int cconsole_getopt_index(void) { return optind; }
static inline int cconsole_getopt_option(void) { return optopt; }
static inline char *cconsole_getopt_argument(void) { return optarg; }

// wcwidth(3) is declared only for _XOPEN_SOURCE, and Swift's view of wchar_t varies.
extern int wcwidth(wchar_t character);
static inline int cconsole_width(unsigned int scalar) { return wcwidth((wchar_t)scalar); }
