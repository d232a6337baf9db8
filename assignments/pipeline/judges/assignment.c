/*
 * The pipeline assignment, as the grader's side knows it: its judges by the names
 * that its rubric calls them, and where to ask about the rest.
 */
#include "grader/verdict/assignment.h"
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/mistakes_of_hang.h"
#include "assignments/pipeline/judges/work.h"
#include "assignments/pipeline/options.h"
#include "grader/judges/judges.h"

static const struct judge judges[] = {
    {"gradients", false, judge_gradients},
    {"windows", false, judge_windows},
    {"pipedream", false, judge_pipedream},
    {"distribute", false, judge_distribute},
    {"arguments", false, judge_arguments},
    {"communicate", false, judge_communicate},
    {"data", true, judge_data},
    {"comparison", false, judge_comparison},
    {"order", false, judge_order},
    {"parallel", false, judge_parallel},
    {"race", false, judge_race},
    {"memory", false, judge_memory},
    {"luck", false, judge_luck},
    {"own_stage", false, judge_own_stage},
    {"loss_falls", false, judge_loss_falls},
    {"answer_shape", false, judge_answer_shape},
    {"answer_data", false, judge_answer_data},
    {"answer_table", false, judge_answer_table},
    {NULL, false, NULL},
};

static const struct assignment pipeline = {.name = "pipeline",
                                           .options = &pipeline_own_options,
                                           .judges = judges,
                                           .work_is_sound = work_is_sound,
                                           .mistake_of_hang = mistake_of_hang};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&pipeline);
}
