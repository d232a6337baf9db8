/*
 * Known mistakes that the coefficient matrix shows: which micro-batches are in a
 * gradient, and with whom.
 */
#include "assignments/pipeline/judges/mistakes_parts.h"

/* The last wrong stage that has coefficients: the ones before it inherit its mistake. */
static const struct mistake_stage *telling_stage(const struct mistake_evidence *evidence)
{
    for (int s = evidence->stages - 1; s >= 0; s--) {
        const struct mistake_stage *stage = &evidence->stage[s];
        if (stage->wrong && mistake_coefficients_tell(stage->coefficients))
            return stage;
    }
    return NULL;
}

/* What the coefficients of the telling stage are, and which place of the diagonal it is about. */
struct signature {
    struct pattern pattern;
    bool (*excluded)(const struct mistake_evidence *evidence, const struct mistake_stage *stage);
    int (*place)(const struct mistake_evidence *evidence, const struct mistake_stage *stage);
};

static bool has_signature(const struct mistake_evidence *evidence,
                          const struct signature *signature)
{
    const struct mistake_stage *stage = telling_stage(evidence);
    int found = 0;
    if (!stage || evidence->micro_batches < 2 || signature->excluded(evidence, stage))
        return false;
    struct pattern_matrix matrix = mistake_matrix(stage->coefficients);
    return pattern_fits(&matrix, &signature->pattern, &found) &&
           (!signature->place || found == signature->place(evidence, stage));
}

/* Where a stage lacks more than the last one, something else is the matter. */
static bool any_lacks_several(const struct mistake_evidence *evidence)
{
    static const struct pattern some = {.shape = PATTERN_PART_OF_DIAGONAL, .share = 1};
    static const struct pattern none = {.shape = PATTERN_NOTHING};
    for (int s = 0; s < evidence->stages; s++) {
        const struct mistake_stage *stage = &evidence->stage[s];
        int missing = 0;
        if (!stage->wrong || !mistake_coefficients_tell(stage->coefficients))
            continue;
        struct pattern_matrix matrix = mistake_matrix(stage->coefficients);
        if (pattern_fits(&matrix, &none, NULL) ||
            (pattern_fits(&matrix, &some, &missing) && missing > 1))
            return true;
    }
    return false;
}

static int last_backward(const struct mistake_evidence *evidence, const struct mistake_stage *stage)
{
    return stage->last_backward == MISTAKE_UNKNOWN ? evidence->micro_batches - 1
                                                   : stage->last_backward;
}

static bool nothing_to_overwrite(const struct mistake_evidence *evidence,
                                 const struct mistake_stage *stage)
{
    (void)evidence;
    return stage->facts.backwards < 2;
}

static bool not_dropped_here(const struct mistake_evidence *evidence,
                             const struct mistake_stage *stage)
{
    return any_lacks_several(evidence) || stage->facts.backwards >= evidence->micro_batches ||
           mistake_no_cool_down(evidence) || mistake_held_back_left_out(evidence);
}

static bool wrong_before_backward(const struct mistake_evidence *evidence,
                                  const struct mistake_stage *stage)
{
    return stage->coefficients->diagonal || mistake_other_inputs(evidence) ||
           mistake_other_loss(evidence);
}

static const struct signature overwritten = {{.shape = PATTERN_DIAGONAL_ONE, .share = 1},
                                             nothing_to_overwrite,
                                             last_backward},
                              last_dropped = {{.shape = PATTERN_DIAGONAL_BUT,
                                               .which = PATTERN_LAST,
                                               .share = 1},
                                              not_dropped_here,
                                              NULL},
                              orders_disagree = {{.shape = PATTERN_PERMUTED, .share = 1},
                                                 wrong_before_backward,
                                                 NULL};

bool mistake_overwritten(const struct mistake_evidence *evidence)
{
    return has_signature(evidence, &overwritten);
}

bool mistake_last_dropped(const struct mistake_evidence *evidence)
{
    return has_signature(evidence, &last_dropped);
}

bool mistake_orders_disagree(const struct mistake_evidence *evidence)
{
    return has_signature(evidence, &orders_disagree);
}
