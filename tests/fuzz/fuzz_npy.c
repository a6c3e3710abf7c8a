/* npy: any bytes are samples or an error; lengths that lie allocate nothing huge. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return fuzz_file(bytes, n, "?format=npy");
}
