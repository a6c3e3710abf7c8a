/* CIFAR: any bytes are whole records or an error, said by name or found by the probe. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    fuzz_file(bytes, n, "");
    return fuzz_file(bytes, n, "?format=cifar");
}
