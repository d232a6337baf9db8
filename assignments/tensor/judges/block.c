/*
 * Judge "block".
 *
 * Run:       training steps of a resnet, or of a vit or gpt, with snapshots, each with two and with four ranks.
 * Must hold: what "windows" asks, of all runs of the one kind or of all runs of the other.
 * A failure: as that of "windows", of the kind that comes nearer.
 */
#include "assignments/tensor/judges/judges.h"
#include "grader/judges/either.h"

#include <string.h>

static bool is_resnet(const struct outcome *run)
{
    return g_str_has_prefix(run->options.model, "resnet");
}

static bool is_transformer(const struct outcome *run)
{
    return !is_resnet(run);
}

void tensor_judge_block(const struct judgement *judgement, struct verdict *verdict)
{
    static const struct judge_choice either[] = {{"the transformer", is_transformer},
                                                 {"the resnet", is_resnet}};
    judge_either(judgement, verdict, tensor_judge_windows, either, G_N_ELEMENTS(either));
}
