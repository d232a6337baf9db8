/*
 * What stands between a stage and its neighbours (before, behind in struct stage_options).
 */
#include "common/training/stage_parts.h"

#include <stdio.h>

struct shape stage_input_sample(const struct stage *stage)
{
    const struct layer_border *before = &stage->options.before;
    return before->forward != NULL ? before->outside : stage->layer[0].input;
}

struct shape stage_output_sample(const struct stage *stage)
{
    const struct layer_border *behind = &stage->options.behind;
    return behind->forward != NULL ? behind->outside
                                   : stage->layer[stage->options.layers - 1].output;
}

/* sample: what has to come out. */
static struct tensor *through(const struct stage *stage, const struct layer_border *border,
                              const char *where, enum border_way way, struct tensor *tensor,
                              struct shape sample)
{
    char owner[32];
    if (tensor == NULL)
        return NULL;
    snprintf(owner, sizeof owner, "stage %d", stage->options.index);
    return layer_border_through(owner, where, border, way, stage->options.borders_own, tensor,
                                sample);
}

struct tensor *stage_enter(const struct stage *stage, enum border_way way, struct tensor *tensor)
{
    return through(stage, &stage->options.before, BORDER_BEFORE, way, tensor,
                   way == BORDER_FORWARD ? stage->layer[0].input : stage_input_sample(stage));
}

struct tensor *stage_leave(const struct stage *stage, enum border_way way, struct tensor *tensor)
{
    return through(stage, &stage->options.behind, BORDER_BEHIND, way, tensor,
                   way == BORDER_FORWARD ? stage_output_sample(stage)
                                         : stage->layer[stage->options.layers - 1].output);
}
