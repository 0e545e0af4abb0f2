#pragma once

#include <stddef.h>
#include <stdint.h>

// The fuzzer as a function (LLVM's documentation of libFuzzer, "Using libFuzzer as a library").
// `target` is called with each input; the arguments are libFuzzer's own, after the program's name.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));
