// What malloc has given out: no header of Swift's own modules has mallinfo2.
#include <malloc.h>
