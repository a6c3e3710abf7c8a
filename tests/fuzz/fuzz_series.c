/* Series: any bytes are rows in time, of which windows are samples, or an error with a place. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return fuzz_file_as(bytes, n, "series:", "?window=3&horizon=2",
                        (gy_source_options){.sequence = 4});
}
