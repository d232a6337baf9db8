/* What became of all the ways that are not in the tables. */
#include "assignments/memory/planner/search_plan.h"

#include "common/base/units.h"

static void append(GString *text, gint64 count, const char *what, const char *why)
{
    if (count > 0)
        g_string_append_printf(text, "%9" G_GINT64_FORMAT " %s %s\n", count, what, why);
}

static bool leaves_server(const struct search_job *job, const struct search_found *found)
{
    return search_leaves_server(job->platform, found->way.way.tensor, 1);
}

static void append_slower(GString *text, const struct search_job *job,
                          const struct search_result *result, int shown)
{
    const GArray *fitting = result->fitting;
    const struct search_found *best_across = NULL;
    gint64 across = 0, slower = 0;
    for (guint i = (guint)shown; i < fitting->len; i++) {
        const struct search_found *found = &g_array_index(fitting, struct search_found, i);
        slower++;
        if (!leaves_server(job, found))
            continue;
        across++;
        if (!best_across)
            best_across = found;
    }
    if (slower == 0)
        return;
    const struct search_found *best = &g_array_index(fitting, struct search_found, 0);
    const struct search_found *last =
        &g_array_index(fitting, struct search_found, fitting->len - 1);
    g_autofree char *why = g_strdup_printf("fit and are slower: up to %.3g times as long",
                                           last->cost.seconds / best->cost.seconds);
    append(text, slower, "ways ", why);
    if (across > 0) {
        g_autofree char *part = g_strdup_printf(
            "of them share layers across servers of %d: the best takes %.3g times as long",
            job->platform->together, best_across->cost.seconds / best->cost.seconds);
        append(text, across, "     ", part);
    }
}

/* By how much the nearest of them misses, and what the fastest would bring. */
static void append_misses(GString *text, const struct search_job *job,
                          const struct search_result *result)
{
    char over[UNITS_TEXT_SIZE], need[UNITS_TEXT_SIZE];
    const struct search_found *best = &g_array_index(result->fitting, struct search_found, 0);
    const struct search_found *fastest = &result->fastest_too_large;
    g_string_append_printf(
        text,
        "            the nearest by %s; the fastest of them takes %.3g times as long as the best\n"
        "            that fits, and needs %s\n",
        units_bytes(search_memory_sum(&result->nearest.cost.memory) - job->memory, over),
        fastest->cost.seconds / best->cost.seconds,
        units_bytes(search_memory_sum(&fastest->cost.memory), need));
}

static void append_too_large(GString *text, const struct search_job *job,
                             const struct search_result *result)
{
    char need[UNITS_TEXT_SIZE], over[UNITS_TEXT_SIZE];
    const double least = search_memory_sum(&result->smallest.cost.memory);
    g_autofree char *words = search_plan_words(&result->smallest.way);
    if (result->ways == 0) {
        g_string_append(text, "Nothing is left to look at.\n");
        return;
    }
    append(text, result->too_large, "ways ", "do not fit");
    if (result->fitting->len == 0) {
        g_string_append_printf(text,
                               "Nothing fits. The least that any way needs is %s, %s too much:\n",
                               units_bytes(least, need), units_bytes(least - job->memory, over));
    } else {
        if (result->too_large > 0)
            append_misses(text, job, result);
        g_string_append_printf(text, "The least that any way needs is %s:\n",
                               units_bytes(least, need));
    }
    g_string_append_printf(text, "  %s\n", words);
}

void search_plan_append_dropped(GString *text, const struct search_job *job,
                                const struct search_result *result, int shown)
{
    g_string_append_printf(text,
                           "\nWhat was looked at: %d grids of data x tensor x pipeline, in them "
                           "%" G_GINT64_FORMAT " ways. Dropped:\n",
                           result->grids, result->ways);
    /* What it is; what to do instead is the search's own business. */
    g_auto(GStrv) reason = g_strsplit(result->split_reason ? result->split_reason : "", ":", 2);
    g_autofree char *split = g_strdup(reason[0] ? reason[0] : "");
    g_autofree char *layers = g_strdup_printf(
        model_is_tied(job->model) && !job->published
            ? "the head works with the embedding's table, which is on one stage: use tied=0"
            : "there are more stages than the %d layers",
        job->model->layers);
    g_autofree char *batch = g_strdup_printf(
        "the replicas can't share a batch of %d, each with as many samples", job->batch_size);
    g_autofree char *samples =
        g_strdup_printf("a batch norm wants %d samples in a micro-batch", result->least_samples);
    append(text, result->without_split, "grids", split);
    append(text, result->without_layers, "grids", layers);
    append(text, result->without_batch, "grids", batch);
    append(text, result->without_samples, "sizes", samples);
    g_autofree char *beyond = g_strdup_printf(
        "a micro-batch of more than %d samples is more than a message between layers may have",
        result->most_samples);
    append(text, result->beyond_samples, "sizes", beyond);
    append_slower(text, job, result, shown);
    append_too_large(text, job, result);
}
