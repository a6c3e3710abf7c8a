/** GPT-2 as Hugging Face describes it. Inside kinds only. Local. */
#ifndef GY_EXCHANGE_KINDS_GPT2_H
#define GY_EXCHANGE_KINDS_GPT2_H

#include "../exchange.h"

/** The configuration that config.json describes, as YAML. @param tokenizer  its folder; NULL: none */
gy_status gy_gpt2_describe(gy_pool *pool, const char *path, const char *json, size_t n,
                           const char *tokenizer, const char **yaml) GY_CHECKED;

/**
 * config.json of a model, whose homes then are called as Hugging Face's modules.
 * GY_E_CONFIG where it is no GPT-2.
 */
gy_status gy_gpt2_print(const gy_model *model, gy_pool *pool, gy_homes *homes,
                        gy_buffer *json) GY_CHECKED;

/** Where a tensor of that name stands among a model's: in the order of the forward pass. */
int64_t gy_gpt2_place(const char *name);

#endif
