/*
 * What the judge "pipedream" is made of: pipedream.c (which versions were used)
 * and pipedream_numbers.c (whether losses and snapshots are those of the rule).
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_PIPEDREAM_H
#define ASSIGNMENTS_PIPELINE_JUDGES_PIPEDREAM_H

#include "assignments/pipeline/judges/mistakes.h"
#include "assignments/pipeline/judges/stages.h"
#include "grader/truth/reference.h"

/* One asynchronous run, with everything that judging it needs. */
struct asynchronous_run {
    const struct outcome *run;
    struct reference *reference;
    const struct evidence_stage *stage;
    int stages, micro_batches;
    double *loss;   /* of the run, per step */
    GString *table; /* Markdown: the windows so far */
};

/* From each snapshot the judge trains on and compares; sets the verdict if that fails. */
void pipedream_judge_numbers(const struct asynchronous_run *t, struct verdict *verdict);

/* What the log of a training step says about its order, for the evidence. versioned: of t->stages,
 * filled in here; must live as long as what is returned. */
struct asynchronous_facts pipedream_facts(const struct asynchronous_run *t, int step,
                                          bool *versioned);

/* How many sets of the parameters stage s of p needs at a time with m micro-batches: each in flight has its
 * copy, and the optimizer changes the newest. */
int pipedream_sets(int stages, int stage, int micro_batches);
/* The most that any rank may hold: a ring of p places on every stage is right, too, and so is a copy that
 * is made before another is freed. */
int pipedream_most_sets(int stages);

/* Writes the known mistake that the evidence fits, if there is one, into the verdict. */
void pipedream_name_mistake(const struct asynchronous_evidence *evidence, struct verdict *verdict);

#endif
