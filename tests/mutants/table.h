/*
 * What came of all mutants: counted, and as the table in
 * assignments/NAME/mutants/README.md.
 */
#ifndef TESTS_MUTANTS_TABLE_H
#define TESTS_MUTANTS_TABLE_H

#include "tests/mutants/look.h"

/* "caught", "MISSED", "accepted" or "REJECTED"; "not here": its program reads numbers of tensors on the processor, which
 * on a GPU is a mistake of its own and says nothing about the one that it was made for. */
const char *mutants_outcome(const struct mutant *mutant, const struct mutant_result *result);

struct mutants_totals {
    int wrong, caught, named, right, rejected, not_here; /* none counts twice */
};
struct mutants_totals mutants_count(const struct mutant_work *work, guint number);

/* Puts the table of all mutants of the assignment between its two marks in the file: rows of those that
 * were looked at anew, the others as they stand. fast: they were looked at in a hurry. False after a
 * message. */
bool mutants_write_table(const char *assignment, const GPtrArray *mutants,
                         const struct mutant_work *work, guint number, bool fast);

#endif
