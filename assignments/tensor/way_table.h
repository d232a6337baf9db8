/*
 * The ways to split a model: what --parallel may say. Shared by the program and the judges.
 */
#ifndef ASSIGNMENTS_TENSOR_WAY_TABLE_H
#define ASSIGNMENTS_TENSOR_WAY_TABLE_H

#include "common/driver/options.h"

#include <stdbool.h>

enum way { WAY_ONE_ROUND, WAY_GATHERS, WAY_SEQUENCE, WAY_VOCABULARY, WAY_ONE_WEIRD_TRICK, WAYS };

struct way_facts {
    const char *name;
    const char *what; /* one line for --help */
};

extern const struct way_facts way_table[WAYS];
/* NULL if there is none of that name. */
const struct way_facts *way_named(const char *name);

extern const struct own_options tensor_own_options;
/* That a run is to take. */
enum way tensor_way(const struct options *options);

#endif
