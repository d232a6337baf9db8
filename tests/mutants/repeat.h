/*
 * The same mutants again and again, beside processes that keep the machine busy:
 * does any verdict, or any headline of a failure, change from one run to the next?
 */
#ifndef TESTS_MUTANTS_REPEAT_H
#define TESTS_MUTANTS_REPEAT_H

#include "tests/mutants/look.h"

struct mutants_repeats {
    int rounds;  /* wanted */
    int minutes; /* no new round after that; 0: no limit */
    int busy;
    int jobs;
    int done;      /* complete rounds */
    int changed;   /* verdicts that were not those of the first round … */
    int headlines; /* … and headlines, where the verdicts were */
    int unexpected;
};

/* Hurried looks at all of them, round after round. Each is built once, in the first round; what
 * that look had to take, the first run or all of them, the later rounds take. False if a process
 * can't be started. */
bool mutants_repeat(const struct mutants_kit *kit, struct mutant_work *work, guint number,
                    struct mutants_repeats *repeats);

#endif
