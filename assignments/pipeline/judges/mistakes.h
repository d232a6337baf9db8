/*
 * Known mistakes, recognised from the evidence.
 *
 * Every signature is exact up to rounding, so it is tested for and not guessed:
 * where none fits, none is named. Only a run that failed is looked at.
 */
#ifndef ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_H
#define ASSIGNMENTS_PIPELINE_JUDGES_MISTAKES_H

#include "assignments/pipeline/judges/asynchronous.h"
#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/judges/step_facts.h"
#include "assignments/pipeline/judges/versions.h"
#include "assignments/pipeline/schedule_table.h"
#include "grader/truth/coefficients.h"
#include "grader/verdict/judge.h"

#define MISTAKE_UNKNOWN (-1)

/* What is known of one stage after one training step. */
struct mistake_stage {
    bool has_parameters;
    bool wrong;         /* its gradients are not the expected ones */
    bool finite;        /* no NaN and nothing infinite among its gradients */
    bool all_zero;      /* all exactly 0 although the expected ones are not */
    double ratio;       /* found = ratio · expected, every parameter alike; NaN: they are not */
    bool sum_of_steps;  /* found = sum of the expected gradients of steps 0 … now, at least 2 */
    int early_forward;  /* a micro-batch whose F began before its input had been received … */
    int early_backward; /* … whose B began before its gradient had; MISTAKE_UNKNOWN: none */
    int last_backward;  /* the micro-batch of the last B; MISTAKE_UNKNOWN */
    struct stage_facts facts;
    /* wiped[i]: gradients were set to zero behind the last backward of micro-batch i; or NULL. */
    const bool *wiped;
    const struct coefficients *coefficients; /* of one of its layers, or NULL */
};

struct mistake_evidence {
    int stages;
    int ranks;
    int micro_batches;
    const struct schedule_facts *schedule; /* NULL: not known */
    const struct mistake_stage *stage;
    /* output_of[i]: the micro-batch whose expected outputs those of micro-batch i are, or
     * MISTAKE_UNKNOWN. NULL: outputs are not known, or right. */
    const int *output_of;
    /* input_of[i]: the same of what the forward of micro-batch i on the first stage was given. */
    const int *input_of;
    struct loss_facts loss;
    const char *rounding; /* how a message was rounded on its way (rounding.h); NULL: it was not */
    /* A message whose tensor was written to, or freed, before its send had completed; one that a later
     * message was received over (gradients_facts.h). */
    bool sent_changed, received_over;
    /* What a tensor was changed to is another message of the same sender. */
    bool shared_buffer;
    struct flow flow; /* all zeros: nothing known */
};

/* The mistake that the evidence fits, or NULL. */
const struct mistake *mistake_recognise(const struct mistake_evidence *evidence);

/* All that it fits, in the order of the table: an array of const struct mistake * to g_ptr_array_unref.
 * Each name has what excludes it, so that there are no two. */
GPtrArray *mistakes_that_fit(const struct mistake_evidence *evidence);

/* What is known of the first wrong training step of an asynchronous run. */
struct asynchronous_evidence {
    int stages;
    int micro_batches;
    const struct version_use *use; /* [stage · micro_batches + micro_batch] */
    /* Of the stages that have parameters; all false or unknown (0) where nobody looked. */
    struct asynchronous_facts {
        bool step_behind_each; /* the log has one step of the optimizer behind each backward … */
        bool step_before_each; /* … or one before each, the first one, too */
        bool forward_behind_step; /* on some stage a forward came behind a step of the optimizer */
        bool steps_on_zeros;      /* before every step gradients were set to zero */
        bool own_memory;          /* whenever parameters were exchanged, it was for themselves */
        const bool *versioned; /* [stage]: has it parameters, so that versions differ? NULL: all */
    } facts;
    struct loss_facts loss;
    /* Do losses and parameters fit what this rule would have given, and not the right one? All
     * false where the versions alone are wrong. */
    bool fits[ASYNCHRONOUS_RULES];
};

const struct mistake *mistake_recognise_asynchronous(const struct asynchronous_evidence *evidence);
/* As mistakes_that_fit. */
GPtrArray *mistakes_that_fit_asynchronous(const struct asynchronous_evidence *evidence);

#endif
