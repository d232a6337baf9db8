/*
 * The pipeline assignment, as the grader's side knows it: its judges by the names
 * that its rubric calls them, and where to ask about the rest.
 */
#include "grader/verdict/assignment.h"
#include "assignments/pipeline/judges/answers/answers.h"
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/mistakes_of_hang.h"
#include "assignments/pipeline/judges/order_beside.h"
#include "assignments/pipeline/judges/work.h"
#include "assignments/pipeline/options.h"
#include "grader/judges/judges.h"

static const struct judge judges[] = {
    {.name = "gradients", .judge = judge_gradients, .of_numbers = true},
    {.name = "windows", .judge = judge_windows, .of_numbers = true},
    {.name = "pipedream", .judge = judge_pipedream, .of_numbers = true},
    {.name = "distribute", .judge = judge_distribute},
    {.name = "arguments", .judge = judge_arguments},
    {.name = "communicate", .judge = judge_communicate},
    {.name = "data", .judge = judge_data, .accepts_unfinished = true},
    {.name = "comparison", .judge = judge_comparison},
    {.name = "order", .judge = judge_order},
    {.name = "parallel", .judge = judge_parallel},
    {.name = "race", .judge = judge_race},
    {.name = "memory", .judge = judge_memory},
    {.name = "luck", .judge = judge_luck},
    {.name = "own_stage", .judge = judge_own_stage},
    {.name = "loss_falls", .judge = judge_loss_falls, .of_numbers = true},
    {.name = "answer_shape", .judge = judge_answer_shape},
    {.name = "answer_data", .judge = judge_answer_data},
    {.name = "answer_table", .judge = judge_answer_table},
    {.name = NULL},
};

static const struct assignment pipeline = {.name = "pipeline",
                                           .options = &pipeline_own_options,
                                           .judges = judges,
                                           .work_is_sound = work_is_sound,
                                           .mistake_of_hang = mistake_of_hang,
                                           .describe_unfinished = order_describe_unfinished,
                                           .finish = "micro_batch_finish"};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&pipeline);
}
