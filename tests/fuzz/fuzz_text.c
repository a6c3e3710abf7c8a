/* Text: any bytes are tokens (bytes, characters or words: the first byte says which) or an error. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const gy_source_options options = {.sequence = 4, .tokens = n == 0 ? 0 : bytes[0] % 3};
    return fuzz_file_as(bytes, n, "", "?format=text", options);
}
