/* CSV: any bytes are a table or an error with a place; a table is read the same by its own fit. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return fuzz_file(bytes, n, "?format=csv");
}
