/* HDF5 data: any bytes are samples or an error with a place. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return fuzz_file(bytes, n, ":/");
}
