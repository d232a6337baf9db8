/*
 * The data assignment, as the grader's side knows it: its judges by the names that its rubric calls them.
 */
#include "grader/verdict/assignment.h"
#include "assignments/data/judges/answers/answers.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/judges/mistakes_of_hang.h"
#include "assignments/data/judges/norms/norms.h"
#include "assignments/data/judges/sums/sums.h"
#include "assignments/data/judges/work.h"
#include "assignments/data/options.h"

static const struct judge judges[] = {
    {.name = "partition", .judge = data_judge_partition},
    {.name = "broadcast", .judge = data_judge_broadcast},
    {.name = "buckets", .judge = data_judge_buckets},
    {.name = "averages", .judge = data_judge_averages, .of_numbers = true},
    {.name = "results", .judge = data_judge_results, .of_numbers = true},
    {.name = "windows", .judge = data_judge_windows, .of_numbers = true},
    {.name = "groups", .judge = data_judge_groups},
    {.name = "hybrid", .judge = data_judge_hybrid, .of_numbers = true},
    {.name = "hybrid_messages", .judge = data_judge_hybrid_messages},
    {.name = "three_dimensions", .judge = data_judge_three_dimensions, .of_numbers = true},
    {.name = "tied_embedding", .judge = data_judge_tied_embedding, .of_numbers = true},
    {.name = "sums", .judge = data_judge_sums},
    {.name = "own_sums", .judge = data_judge_own_sums, .of_numbers = true},
    {.name = "norms", .judge = data_judge_norms, .of_numbers = true},
    {.name = "norm_training", .judge = data_judge_norm_training, .of_numbers = true},
    {.name = "answer_messages", .judge = data_judge_answer_messages},
    {.name = "answer_groups", .judge = data_judge_answer_groups},
    {.name = "answer_speed_up", .judge = data_judge_answer_speed_up},
    {.name = "answer_norms", .judge = data_judge_answer_norms},
    {.name = "answer_snippets", .judge = data_judge_answer_snippets},
    {.name = "overlap_gradients", .judge = data_judge_overlap_gradients, .of_numbers = true},
    {.name = "overlap", .judge = data_judge_overlap},
    {.name = NULL},
};

/* Each knows what the runs are that it is about. */
static const struct mistake *mistake_of_hang(const struct diagnosis *diagnosis, GString *cause)
{
    const struct mistake *mistake = data_sum_mistake_of_hang(diagnosis, cause);
    if (!mistake)
        mistake = data_norm_mistake_of_hang(diagnosis, cause);
    return mistake ? mistake : data_mistake_of_hang(diagnosis, cause);
}

static const struct assignment data = {.name = "data",
                                       .options = &data_own_options,
                                       .judges = judges,
                                       .work_is_sound = data_work_is_sound,
                                       .mistake_of_hang = mistake_of_hang};

__attribute__((constructor)) static void register_assignment(void)
{
    assignment_register(&data);
}
