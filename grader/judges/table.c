/* The judges by the names that the rubric calls them. */
#include "grader/judges/judges.h"

const struct judge judges[] = {
    {"gradients", "outputs, loss and gradients after a step, against one process", false,
     judge_gradients},
    {"windows", "whether training goes the same way as in one process", false, judge_windows},
    {"pipedream", "whether asynchronous training goes by the rule of PipeDream", false,
     judge_pipedream},
    {"distribute", "which layers distribute_layers() gives to which stage", false,
     judge_distribute},
    {"arguments", "what check_arguments() accepts and refuses", false, judge_arguments},
    {"communicate", "what pipeline_communicate() sends and receives", false, judge_communicate},
    {"data", "which ranks open which part of the data set", true, judge_data},
    {"comparison", "whether compare_with_baseline() tells right from spoiled", false,
     judge_comparison},
    {"order", "whether the order of computations follows the schedule's rule", false, judge_order},
    {"parallel", "whether the stages work at the same time, by replay", false, judge_parallel},
    {"race", "whether the pipeline is faster than the naive split", false, judge_race},
    {"memory", "whether memory is that of a few micro-batches, however many there are", false,
     judge_memory},
    {"luck", "whether the program needs MPI to copy its messages, by replay", false, judge_luck},
    {"own_stage", "whether each process computes its own stage only", false, judge_own_stage},
    {"loss_falls", "whether the loss goes down on real data", false, judge_loss_falls},
    {"answer_shape", "Q3 in answers.md", false, judge_answer_shape},
    {"answer_data", "Q6 in answers.md", false, judge_answer_data},
    {"answer_table", "the table of Q7 in answers.md", false, judge_answer_table},
    {NULL, NULL, false, NULL},
};
