/* Which ways there are; see costs.h. */
#include "assignments/memory/costs/costs.h"

#include <stddef.h>

/* In the order in which they are asked. */
static const char *why_not(const struct job *job, const struct way *way)
{
    if (way->data < 1 || way->tensor < 1 || way->pipeline < 1 || way->micro_batch_samples < 1 ||
        way->micro_batches < 1)
        return "degrees and micro-batches are 1 at least";
    if ((double)way->data * way->tensor * way->pipeline != job->cluster.ranks)
        return "data · tensor · pipeline is not the number of ranks";
    if (job->model.heads % way->tensor != 0)
        return "the heads can't be shared out evenly among tensor ranks";
    if (job->model.layers % way->pipeline != 0)
        return "the layers can't be shared out evenly among the stages";
    if ((double)way->data * way->micro_batch_samples * way->micro_batches != job->batch_size)
        return "data · micro_batch_samples · micro_batches is not the batch";
    if (way->zero_stage < 0 || way->zero_stage > 3)
        return "ZeRO has the stages 0 to 3";
    if (way->pipeline > 1 && way->zero_stage > 1)
        return "with a pipeline ZeRO goes to stage 1";
    if (way->format != FORMAT_SIXTEEN_BITS || way->optimizer != STATE_ADAM)
        return "the job is to be trained in 16 bits with Adam";
    if (way->order != ORDER_ONE_FORWARD_ONE_BACKWARD)
        return "the order is one forward, one backward";
    if (way->recompute < RECOMPUTE_NOTHING || way->recompute > RECOMPUTE_LAYERS)
        return "there is no such recomputation";
    return NULL;
}

bool way_is_possible(const struct job *job, const struct way *way, const char **why)
{
    const char *reason = why_not(job, way);
    if (why != NULL)
        *why = reason;
    return reason == NULL;
}
