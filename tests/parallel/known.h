/*
 * What a wrong tensor of these programs can be made of, as tables (grader/truth/combinations.h).
 */
#ifndef TESTS_PARALLEL_KNOWN_H
#define TESTS_PARALLEL_KNOWN_H

#include "grader/evidence/wholes.h"

/* Names the mistake, if what rank 0 stored fits one exactly. */
void known_mistake(const struct wholes *wholes, const char *program, int ranks,
                   struct verdict *verdict);

#endif
