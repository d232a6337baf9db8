/* What is searched for, and what the memory assignment registers with the planner; see search_plan.h. */
#include "assignments/memory/planner/search_plan.h"

enum { PRECISION, OPTIMIZER, FORMULAS, ZERO };

static const char *const precisions[] = {"sixteen-bits", "float32", NULL};
static const char *const optimizers[] = {"adamw", "sgd", NULL};
static const char *const formulas[] = {"auto", "kit", "published", NULL};
static const char *const stages_of_zero[] = {"any", "0", "1", "2", "3", NULL};
static const struct plan_choice choices[] = {
    [PRECISION] = {"precision", "PRECISION",
                   "of a search: sixteen-bits, with float32 masters, or float32", precisions},
    [OPTIMIZER] = {"optimizer", "OPTIMIZER", "of a search: adamw, or sgd with momentum",
                   optimizers},
    [FORMULAS] = {"formulas", "FORMULAS",
                  "of a search: as this kit's layers keep and charge (kit), or of a gpt by "
                  "publications (published); auto: those for a gpt in 16 bits",
                  formulas},
    [ZERO] = {"zero", "ZERO", "of a search: any stage of ZeRO, or one: 0, 1, 2 or 3",
              stages_of_zero},
    {NULL, NULL, NULL, NULL}};

struct search_job search_plan_job(const struct plan *plan)
{
    const bool is_short = g_str_equal(plan->choice[PRECISION], precisions[0]);
    const bool by_itself = g_str_equal(plan->choice[FORMULAS], "auto");
    return (struct search_job){
        .model = plan->model,
        .platform = plan->platform,
        .ranks = plan->ranks,
        .batch_size = plan->batch_size > 0 ? plan->batch_size : 4 * plan->ranks,
        .memory = plan->memory,
        .format = is_short ? FORMAT_SIXTEEN_BITS : FORMAT_FLOAT32,
        .optimizer =
            g_str_equal(plan->choice[OPTIMIZER], "adamw") ? STATE_ADAM : STATE_SGD_MOMENTUM,
        .zero_is_given = !g_str_equal(plan->choice[ZERO], stages_of_zero[0]),
        .zero = plan->choice[ZERO][0] - '0',
        .published = by_itself ? is_short && search_published_knows(plan->model)
                               : g_str_equal(plan->choice[FORMULAS], "published")};
}

static bool search(const struct plan *plan, const char *missing, GString *text, GString *error)
{
    const struct search_job job = search_plan_job(plan);
    if (job.published && !search_published_knows(plan->model)) {
        g_string_printf(error, "FORMULAS=published: are those of a gpt, and MODEL is %s",
                        plan->model_name);
        return false;
    }
    struct search_result *result = search_all(&job);
    const int shown = MIN((int)result->fitting->len, (int)SEARCH_PLAN_SHOWN);
    if (plan->csv) {
        search_plan_append_csv(text, &job, result);
    } else {
        struct search_plan_run *runs = search_plan_runs_new(
            plan, &job, (struct search_found *)(void *)result->fitting->data, shown, missing);
        search_plan_append_tables(text, plan, &job, result, runs, shown);
        search_plan_append_dropped(text, &job, result, shown);
        search_plan_runs_free(runs, shown);
    }
    search_result_free(result);
    return true;
}

static const struct plan_degree no_degrees[] = {{NULL, NULL, NULL, 0, 0}};

static const struct plan_part part = {
    .assignment = "memory",
    .method_word = "way",
    .method_option = "--average",
    .degrees = no_degrees,
    .micro_batches = 1,
    .options = search_plan_options,
    .search = search,
    .choices = choices,
};

__attribute__((constructor)) static void register_part(void)
{
    plan_part_register(&part);
}
