/*
 * The memory assignment, as the grader's side knows it: its judges by the names that its rubric calls them.
 */
#include "grader/verdict/assignment.h"
#include "assignments/memory/judges/answers/answers.h"
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "assignments/memory/judges/combination/combination.h"
#include "assignments/memory/judges/mixed/mixed.h"
#include "assignments/memory/judges/offload/offload.h"
#include "assignments/memory/judges/recomputation/recompute.h"
#include "assignments/memory/judges/zero/mistakes_of_hang.h"
#include "assignments/memory/judges/zero/zero.h"
#include "assignments/memory/options.h"

static const struct judge judges[] = {
    {.name = "memory_state", .judge = memory_judge_state},
    {.name = "memory_activations", .judge = memory_judge_activations},
    {.name = "memory_runs", .judge = memory_judge_runs},
    {.name = "choose_parallelism", .judge = memory_judge_decisions},
    {.name = "answer_savings", .judge = memory_judge_answer_savings},
    {.name = "answer_techniques", .judge = memory_judge_answer_techniques},
    {.name = "answer_snippets", .judge = memory_judge_answer_snippets},
    {.name = "recompute", .judge = memory_judge_recompute, .of_numbers = true},
    {.name = "recompute_memory", .judge = memory_judge_recompute_memory},
    {.name = "recompute_pipeline", .judge = memory_judge_recompute_pipeline, .of_numbers = true},
    {.name = "selective", .judge = memory_judge_selective, .of_numbers = true},
    {.name = "mixed_precision", .judge = memory_judge_mixed_precision, .of_numbers = true},
    {.name = "mixed_training", .judge = memory_judge_mixed_training, .of_numbers = true},
    {.name = "loss_scaling", .judge = memory_judge_loss_scaling, .of_numbers = true},
    {.name = "clip_scaled", .judge = memory_judge_clip_scaled, .of_numbers = true},
    {.name = "shards", .judge = memory_judge_shards},
    {.name = "zero", .judge = memory_judge_zero, .of_numbers = true},
    {.name = "zero_numbers", .judge = memory_judge_zero_numbers, .of_numbers = true},
    {.name = "zero_memory", .judge = memory_judge_zero_memory},
    {.name = "zero_training", .judge = memory_judge_zero_training, .of_numbers = true},
    {.name = "prefetch", .judge = memory_judge_prefetch},
    {.name = "clip", .judge = memory_judge_clip, .of_numbers = true},
    {.name = "offload", .judge = memory_judge_offload},
    {.name = "combination", .judge = memory_judge_combination, .of_numbers = true},
    {.name = NULL},
};

/* Each knows what the runs are that it is about. */
static const struct mistake *mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct mistake *mistake = memory_recompute_mistake_of_hang(diagnosis, cause);
    return mistake ? mistake : memory_zero_mistake_of_hang(diagnosis, cause);
}

static const struct assignment memory = {.name = "memory",
                                         .options = &memory_own_options,
                                         .judges = judges,
                                         .mistake_of_hang = mistake_of_hang};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&memory);
}
