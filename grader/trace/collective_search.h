/*
 * Shared by collective_faults.c and the files that it is made of, and nobody else.
 */
#ifndef GRADER_TRACE_COLLECTIVE_SEARCH_H
#define GRADER_TRACE_COLLECTIVE_SEARCH_H

#include "grader/trace/collective_faults.h"

struct collectives_search {
    const struct log_file *logs;
    const struct collectives *collectives;
    GArray *faults; /* of struct collectives_fault */
};

/* collective_compare.c: collectives_compare(), where the arguments that depend on the side of an
 * intercommunicator may be left out. */
enum collectives_fault_kind collectives_compare_records(const struct log_record *a,
                                                        const struct log_record *b, bool between);

/* collective_parts.c: does any rank give another more, or less, than that one gets from it? Adds it. */
bool collectives_find_part(const struct collectives_search *search,
                           const struct collective *collective);

/* collective_group.c: a rank that leaves out a collective, and calls the same among others in its place,
 * is told so. */
void collectives_find_groups(const struct collectives_search *search);

#endif
