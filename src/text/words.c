/* GPT-2's word pattern, by PCRE2; this file is the only door to it. */
#include "words.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct gy_words {
    gy_context *ctx;
    pcre2_code *code;
    pcre2_match_data *match;
};

static const char pattern[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
                              "|\\s+(?!\\S)|\\s+";

static gy_status compile(gy_words *w)
{
    int why;
    PCRE2_SIZE at;
    w->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                            PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &why, &at, NULL);
    GY_REQUIRE(w->code != NULL, GY_E_NOMEM,
               "cannot compile the pattern of words" GY_WHY "PCRE2 says %d at %lld", why,
               (long long)at);
    (void)pcre2_jit_compile(w->code, PCRE2_JIT_COMPLETE); /* slower without */
    w->match = pcre2_match_data_create(1, NULL);
    GY_REQUIRE(w->match != NULL, GY_E_NOMEM, "out of memory");
    return GY_OK;
}

gy_status gy_words_create(gy_context *ctx, gy_words **out)
{
    gy_words *w;
    GY_TRY(gy_new(ctx, &w));
    w->ctx = ctx;
    gy_status status = compile(w);
    if (status == GY_OK)
        *out = w;
    else
        gy_words_free(w);
    return status;
}

void gy_words_free(gy_words *w)
{
    if (w == NULL) return;
    pcre2_match_data_free(w->match);
    pcre2_code_free(w->code);
    gy_free(w->ctx, w);
}

gy_status gy_words_next(gy_words *w, const char *text, size_t n, size_t from, size_t *to)
{
    int found = pcre2_match(w->code, (PCRE2_SPTR)text, n, from, PCRE2_NO_UTF_CHECK, w->match, NULL);
    GY_REQUIRE(found > 0, GY_E_DATA, "cannot cut the text into words" GY_WHY "PCRE2 says %d",
               found);
    *to = pcre2_get_ovector_pointer(w->match)[1];
    return GY_OK;
}
