/*
 * Two grades of one student, side by side: in what they were made from, and in what they say.
 */
#ifndef CLASS_REGRADE_REGRADE_COMPARE_H
#define CLASS_REGRADE_REGRADE_COMPARE_H

#include "class/students/graded.h"

/* Something that a grade was made from, or its outcome. */
struct regrade_fact {
    const char *name; /* "kit" */
    char *then, *now; /* in words; "not known" where nobody wrote it down */
    const char *why;  /* what it means that they differ; NULL: nothing follows from it */
    bool differs;
    bool is_input; /* the same inputs have to give the same verdicts */
};

struct regrade_check {
    const char *name, *title;
    const struct graded_check *then, *now; /* NULL: it is not in that grade */
    bool verdict_differs;                  /* state, points or mistake */
    bool words_differ;                     /* what was seen, in one line */
};

struct regrade_comparison {
    GArray *facts; /* of struct regrade_fact */
    GArray *
        checks; /* of struct regrade_check: only those that differ, in the new grade's order, those that are gone last */
    guint verdicts; /* how many of them differ in their verdict */
    bool same_inputs;
    bool
        was_unfinished; /* then: not graded, or with checks that the machine of then could not judge */
    bool is_unfinished;
};

#define REGRADE_FACTS(comparison, i) (&g_array_index((comparison)->facts, struct regrade_fact, i))
#define REGRADE_CHECKS(comparison, i)                                                              \
    (&g_array_index((comparison)->checks, struct regrade_check, i))

/* then and now must outlive it. */
struct regrade_comparison *regrade_compare(const struct graded *then, const struct graded *now);
void regrade_comparison_free(struct regrade_comparison *comparison);

#endif
