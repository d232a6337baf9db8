/*
 * What tests of the search for ways to train work with: a cluster of servers, language models, and a comparison.
 */
#ifndef ASSIGNMENTS_MEMORY_TESTS_SEARCH_CASES_H
#define ASSIGNMENTS_MEMORY_TESTS_SEARCH_CASES_H

#include "common/training/model.h"
#include "grader/platform/platform.h"
#include "tests/support/test.h"

#include <math.h>

static struct platform rack = {.speed = 1e14,
                               .hosts = 4096,
                               .latency = 2e-6,
                               .bandwidth = 300e9,
                               .shared_bandwidth = INFINITY,
                               .together = 8,
                               .between_latency = 3e-6,
                               .between_bandwidth = 25e9,
                               .uplink_bandwidth = 200e9};

static inline struct model *gpt(int layers, int width, int heads, int tokens, int vocabulary)
{
    char error[MODEL_ERROR_SIZE];
    g_autofree char *name =
        g_strdup_printf("gpt:depth=%d,width=%d,heads=%d,tied=1", layers, width, heads);
    struct shape input = {.dimensions = 1, .size = {tokens}};
    struct model *model = model_new(name, input, vocabulary, error);
    ck_assert_msg(model != NULL, "%s", error);
    return model;
}

static inline void close_to(double found, double expected, double relative, const char *what)
{
    ck_assert_msg(fabs(found - expected) <= relative * fabs(expected),
                  "%s: found %.12g, expected %.12g", what, found, expected);
}

#endif
