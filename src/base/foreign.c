/*
 * Words that other programs have for what stands in a configuration: asked before the nearest name, which
 * is `l1`, a penalty, for `lr`.
 */
#include "foreign.h"

#include <ctype.h>
#include <stddef.h>

static const char *const words[][2] = {
    /* keys */
    {"lr", "learning_rate"},
    {"type", "kind"},
    {"wd", "weight_decay"},
    {"eps", "epsilon"},
    {"betas", "beta1' and 'beta2"},
    {"bs", "train.batch_size"},
    {"batch", "train.batch_size"},
    {"maxepochs", "train.epochs"},
    {"numepochs", "train.epochs"},
    {"nepochs", "train.epochs"},
    {"iterations", "train.steps"},
    {"maxsteps", "train.steps"},
    {"gradclip", "train.clip_norm"},
    {"clipgradnorm", "train.clip_norm"},
    {"maxgradnorm", "train.clip_norm"},
    {"gradientclipval", "train.clip_norm"},
    {"accumulategradbatches", "train.micro_batch_size"},
    {"gradientaccumulationsteps", "train.micro_batch_size"},
    {"ema", "train.parameter_average"},
    {"scheduler", "schedule"},
    {"lrscheduler", "schedule"},
    {"criterion", "loss"},
    {"val", "data.validation"},
    {"valid", "data.validation"},
    {"validationsplit", "data.validation_fraction"},
    {"outfeatures", "units"},
    {"hiddensize", "units"},
    {"neurons", "units"},
    {"embeddingdim", "units"},
    {"dmodel", "units"},
    {"outchannels", "filters"},
    {"kernelsize", "kernel"},
    {"strides", "stride"},
    {"poolsize", "size"},
    {"numheads", "heads"},
    {"nheads", "heads"},
    {"vocabsize", "vocabulary"},
    {"numembeddings", "vocabulary"},
    {"numgroups", "groups"},
    {"returnsequences", "return"},
    /* layers */
    {"linear", "dense"},
    {"fc", "dense"},
    {"fullyconnected", "dense"},
    {"conv", "conv2d"},
    {"convolution", "conv2d"},
    {"maxpool", "max_pool2d"},
    {"maxpooling2d", "max_pool2d"},
    {"avgpool", "avg_pool2d"},
    {"averagepooling2d", "avg_pool2d"},
    {"globalaveragepooling2d", "global_avg_pool"},
    {"bn", "batch_norm"},
    {"batchnorm2d", "batch_norm"},
    {"batchnorm1d", "batch_norm"},
    {"batchnormalization", "batch_norm"},
    {"layernormalization", "layer_norm"},
    {"mha", "attention"},
    {"multiheadattention", "attention"},
    {"selfattention", "attention"},
    {"transformer", "transformer_block"},
    {"moe", "mixture"},
    {"relu", "activation: {kind: relu}"},
    {"gelu", "activation: {kind: gelu}"},
    {"silu", "activation: {kind: silu}"},
    {"tanh", "activation: {kind: tanh}"},
    {"sigmoid", "activation: {kind: sigmoid}"},
    {"softmax", "activation: {kind: softmax}"},
    /* losses and schedules */
    {"ce", "cross_entropy"},
    {"nll", "cross_entropy"},
    {"crossentropyloss", "cross_entropy"},
    {"categoricalcrossentropy", "cross_entropy"},
    {"sparsecategoricalcrossentropy", "cross_entropy"},
    {"bce", "binary_cross_entropy"},
    {"bcewithlogitsloss", "binary_cross_entropy"},
    {"mseloss", "mse"},
    {"meansquarederror", "mse"},
    {"l1loss", "mae"},
    {"smoothl1", "huber"},
    {"onecyclelr", "one_cycle"},
    {"cosineannealing", "cosine"},
    {"reducelronplateau", "plateau"},
};

static int is_word(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        if (*text == '_' || *text == '-') continue;
        if (tolower((unsigned char)*text) != *word++) return 0;
    }
    return *word == '\0';
}

const char *gy_foreign_word(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(word, words[i][0])) return words[i][1];
    return NULL;
}
