/*
 * The matrix of mutants and headlines, in assignments/NAME/mutants/headlines.md: of
 * each wrong one the causes that its report begins with, and how somebody who
 * knows what is wrong with it has read them:
 *
 *     true         this is the cause, or what stands right behind it
 *     misleading   it is so, and sends the reader somewhere else
 *     false        it is not so
 *
 * A row that is not yet read has none of these. Who writes the matrix anew keeps
 * what was read of rows whose words, without their numbers, are the same.
 */
#ifndef TESTS_MUTANTS_HEADLINES_H
#define TESTS_MUTANTS_HEADLINES_H

#include "tests/mutants/look.h"

/* Writes the rows of all mutants of the assignment: those that were looked at anew, the others as they
 * stand. False after a message. */
bool mutants_write_headlines(const char *assignment, const GPtrArray *mutants,
                             const struct mutant_work *work, guint number);

/* How the rows of the matrix were read. */
struct mutants_headlines {
    int rows, right, misleading, wrong, unread;
};
/* All zeros if there is no matrix. */
struct mutants_headlines mutants_count_headlines(const char *assignment);

/* Has the matrix a row of this mutant? */
bool mutants_has_headline(const char *assignment, const char *mutant);

#endif
