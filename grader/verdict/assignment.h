/*
 * An assignment, as the grader's side knows it: its judges, its program's own
 * options, and what it knows about its students' mistakes.
 *
 * It is defined in assignments/NAME/judges and registers itself when the grader
 * starts (assignment_register, from a constructor), so that nothing here lists
 * assignments. Whoever reads a rubric finds it by the rubric's name.
 */
#ifndef GRADER_VERDICT_ASSIGNMENT_H
#define GRADER_VERDICT_ASSIGNMENT_H

#include "grader/verdict/judge.h"

struct diagnosis; /* grader/diagnosis */

struct assignment {
    const char *name;                  /* of its folder */
    const struct own_options *options; /* of its program; NULL: it has none of its own */
    const struct judge *judges;        /* those that its rubric may name; ends with a NULL name */
    /* Was the work done that a check of this run is about, and on what had come for it? Asked of each
     * finished run before a check passes, or fails for a reason that has no name; where it was not,
     * it sets the verdict to a failure that says so. May be NULL. */
    bool (*work_is_sound)(const struct outcome *run, struct verdict *verdict);
    /* Of a run that was stopped because nobody could go on, or that the kit stopped: the known mistake
     * behind it, which the caller must not free, or NULL. diagnosis->scene tells who waited for what
     * (scene.h). What it can say in one line of plain text that says more than the diagnosis' own, with
     * ranks and micro-batches, it writes to cause; that then is the headline. It is asked up to twice:
     * where ranks wait in a circle, first while the kind is being looked for; diagnosis->kind is
     * DIAGNOSIS_NONE then, and only what explains the circle counts. And once there is a kind,
     * whichever it is. May be NULL. */
    const struct mistake *(*mistake_of_hang)(const struct diagnosis *diagnosis, GString *cause);
    /* Of a run that began and did not come to its end, whyever: what else its logs, cut off as they are,
     * show of what it did, as Markdown; ends with an empty line. May be NULL. */
    void (*describe_unfinished)(const struct outcome *run, GString *markdown);
    /* Of the helpers that it gives to students: the function that waits for the messages which the
     * others began. NULL: there is none. */
    const char *finish;
};

/* The assignment must stay as it is until the program ends. Ends the program if there is one of that
 * name already. */
void assignment_register(const struct assignment *assignment);

/* The name in KIT/assignments/default: which is meant where nobody names one. A new string; empty if
 * there is no such file. */
char *assignment_default(const char *kit);

/* NULL if there is none of that name. */
const struct assignment *assignment_find(const char *name);

#endif
