/*
 * The tensor assignment, as the grader's side knows it: its judges by the names that its rubric calls them.
 */
#include "grader/verdict/assignment.h"
#include "assignments/tensor/judges/answers/answers.h"
#include "assignments/tensor/judges/judges.h"
#include "assignments/tensor/judges/layers/layers.h"
#include "assignments/tensor/judges/mistakes_of_hang.h"
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/judges/work.h"
#include "assignments/tensor/way_table.h"
#include "grader/judges/judges.h"

static const struct judge judges[] = {
    {.name = "gradients", .judge = tensor_judge_gradients, .of_numbers = true},
    {.name = "split", .judge = tensor_judge_split},
    {.name = "operators", .judge = tensor_judge_operators},
    {.name = "forms", .judge = tensor_judge_forms},
    {.name = "layers", .judge = tensor_judge_layers, .of_numbers = true},
    {.name = "norm", .judge = tensor_judge_norm, .accepts_unfinished = true},
    {.name = "both_norms", .judge = tensor_judge_both_norms, .of_numbers = true},
    {.name = "counts", .judge = tensor_judge_counts},
    {.name = "block", .judge = tensor_judge_block, .accepts_unfinished = true},
    {.name = "windows", .judge = tensor_judge_windows, .of_numbers = true},
    {.name = "attention", .judge = tensor_judge_attention, .of_numbers = true},
    {.name = "vocabulary", .judge = tensor_judge_vocabulary, .of_numbers = true},
    {.name = "traffic", .judge = tensor_judge_traffic},
    {.name = "collectives", .judge = tensor_judge_collectives},
    {.name = "really_split", .judge = tensor_judge_really_split},
    {.name = "overlap", .judge = tensor_judge_overlap},
    {.name = "answer_bytes", .judge = tensor_judge_answer_bytes},
    {.name = "answer_dropout", .judge = tensor_judge_answer_dropout},
    {.name = "answer_norms", .judge = tensor_judge_answer_norms},
    {.name = "answer_snippets", .judge = tensor_judge_answer_snippets},
    {.name = "sequence_parallel", .judge = tensor_judge_sequence_parallel, .of_numbers = true},
    {.name = "one_weird_trick", .judge = tensor_judge_one_weird_trick, .of_numbers = true},
    {.name = "scaling", .judge = tensor_judge_scaling},
    {.name = NULL},
};

static const struct assignment tensor = {.name = "tensor",
                                         .options = &tensor_own_options,
                                         .judges = judges,
                                         .work_is_sound = tensor_work_is_sound,
                                         .mistake_of_hang = tensor_mistake_of_hang};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&tensor);
}
