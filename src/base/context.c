/* The context: made and freed, its sink and its instruction-set level. */
#include "context_impl.h"
#include "door.h"
#include "log.h"
#include "plain.h"
#include "registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMA_NAME(level) ", " #level
static gy_status choose_simd(gy_simd *out)
{
    static const char names[] = GY_SIMD_LIST(COMMA_NAME);
    const char *wanted = getenv("GYRE_SIMD");
    *out = gy_simd_best();
    if (wanted == NULL || wanted[0] == '\0') return GY_OK;
    for (int level = 0; level < GY_SIMD_COUNT; level++) {
        if (strcmp(wanted, gy_simd_names[level]) != 0) continue;
        GY_REQUIRE(level <= (int)*out, GY_E_USAGE,
                   "cannot use the instruction set" GY_AT "GYRE_SIMD=%s" GY_WHY
                   "this machine runs %s at best" GY_HINT "unset GYRE_SIMD",
                   wanted, gy_simd_names[*out]);
        *out = (gy_simd)level;
        return GY_OK;
    }
    return gy_raise(GY_E_USAGE,
                    "unknown instruction set" GY_AT "GYRE_SIMD=%s" GY_WHY "it is none of %s" GY_HINT
                    "unset GYRE_SIMD",
                    wanted, &names[2]);
}
#undef COMMA_NAME

gy_status gy_context_create(gy_sink *sink, void *user, gy_context **out)
{
    GY_DOOR;
    gy_simd simd;
    GY_REQUIRE(out != NULL, GY_E_USAGE, "cannot make a context" GY_WHY "out is missing");
    GY_TRY(choose_simd(&simd));
    gy_context *ctx = calloc(1, sizeof *ctx);
    GY_REQUIRE(ctx != NULL, GY_E_NOMEM, "out of memory" GY_WHY "no room for the context");
    ctx->sink = sink;
    ctx->sink_user = user;
    ctx->simd = simd;
    *out = ctx;
    return GY_OK;
}

void gy_context_free(gy_context *ctx)
{
    free(ctx);
}

int64_t gy_context_balance(const gy_context *ctx)
{
    return atomic_load(&ctx->blocks);
}

gy_simd gy_context_simd_level(const gy_context *ctx)
{
    return ctx->simd;
}

void gy_context_lower_simd(gy_context *ctx, gy_simd level)
{
    if (level < ctx->simd) ctx->simd = level;
}

const char *gy_context_simd(const gy_context *ctx)
{
    return gy_simd_names[ctx->simd];
}

void gy_log(gy_context *ctx, gy_level level, const char *format, ...)
{
    if (ctx->sink == NULL) return;
    char line[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    gy_text_tame(line);
    ctx->sink(ctx->sink_user, level, line);
}
