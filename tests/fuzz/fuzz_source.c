/* Source strings: any text is a small synthetic source, or an error that is the data's. */
#include "fuzz_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gy_context *ctx = NULL;
    char *text = malloc(n + 32);
    fuzz_check(text != NULL && gy_context_create(NULL, NULL, &ctx) == GY_OK);
    /* once as it is, once as the query of a source that exists; none of a size that takes long */
    for (int turn = 0; turn < 2; turn++) {
        static const char before[] = "synthetic:blobs?";
        size_t begin = turn == 0 ? 0 : sizeof before - 1;
        memcpy(text, before, begin);
        memcpy(text + begin, bytes, n);
        text[begin + n] = '\0';
        bool long_number = false;
        for (size_t i = 0, digits = 0; text[i] != '\0'; i++) {
            digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
            long_number = long_number || digits > 3;
        }
        if (!long_number) fuzz_source(ctx, text);
    }
    free(text);
    fuzz_check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
