/* The fastest ways as tables, formula beside simulation. */
#include "assignments/memory/planner/search_plan.h"

#include "common/base/units.h"

char *search_plan_words(const struct search_way *way)
{
    const struct way *w = &way->way;
    GString *text = g_string_new(NULL);
    g_string_printf(text, "data %d, tensor %d, pipeline %d", w->data, w->tensor, w->pipeline);
    if (way->chunks > 1)
        g_string_append_printf(text, " in %d chunks", way->chunks);
    g_string_append_printf(text, ", ZeRO %d, recompute %s, %d micro-batch%s of %d", w->zero_stage,
                           search_recompute_name(w->recompute), w->micro_batches,
                           w->micro_batches == 1 ? "" : "es", w->micro_batch_samples);
    return g_string_free(text, FALSE);
}

static void append_bytes(GString *text, double bytes, int width)
{
    char number[UNITS_TEXT_SIZE];
    g_string_append_printf(text, "%*s", width, units_bytes(bytes, number));
}

static void append_seconds(GString *text, double seconds, int width)
{
    char number[UNITS_TEXT_SIZE];
    g_string_append_printf(text, "%*s", width, units_seconds(seconds, number));
}

static void append_head(GString *text, const struct plan *plan, const struct search_job *job)
{
    const bool is_short = job->format == FORMAT_SIXTEEN_BITS;
    g_string_append_printf(text, "%s (%d layers), %d samples a step, %s, %s\n", plan->model_name,
                           plan->model->layers, job->batch_size, is_short ? "16 bits" : "float32",
                           job->optimizer == STATE_ADAM ? "AdamW" : "SGD with momentum");
    g_string_append_printf(text, "on %d rank%s of the platform %s, of %.0f GFLOP/s and ",
                           job->ranks, job->ranks == 1 ? "" : "s", plan->platform_name,
                           1e-9 * job->platform->speed);
    append_bytes(text, job->memory, 0);
    g_string_append_printf(text, " each;\n%s\n",
                           job->published ? "by the published formulas of transformers"
                                          : "as this kit's layers keep, compute and send");
}

/* ---- time -------------------------------------------------------------------------------------------- */

static void append_time_row(GString *text, int place, const struct search_found *found,
                            const struct search_plan_run *run)
{
    const struct way *way = &found->way.way;
    g_string_append_printf(text, "%3d %5d %6d %6d %6d %4d  %-9s %5d x %-4d", place, way->data,
                           way->tensor, way->pipeline, found->way.chunks, way->zero_stage,
                           search_recompute_name(way->recompute), way->micro_batches,
                           way->micro_batch_samples);
    append_seconds(text, found->cost.seconds, 10);
    if (run->simulated)
        append_seconds(text, run->simulated->seconds, 10);
    else
        g_string_append_printf(text, "%10s", "-");
    g_string_append_printf(text, "%8.2f%%", 100 * found->cost.bubble);
    if (run->simulated)
        g_string_append_printf(text, "%9.2f%%\n", 100 * run->simulated->bubble);
    else
        g_string_append_printf(text, "%10s\n", "-");
}

/* Why some are not simulated: each reason once. */
static void append_missing(GString *text, const struct search_plan_run *runs, int shown)
{
    for (int i = 0; i < shown; i++) {
        bool said = false;
        for (int j = 0; j < i && runs[i].missing; j++)
            said = said || g_strcmp0(runs[i].missing, runs[j].missing) == 0;
        if (!runs[i].missing || said)
            continue;
        g_autoptr(GString) which = g_string_new(NULL);
        int count = 0;
        for (int j = i; j < shown; j++)
            if (g_strcmp0(runs[i].missing, runs[j].missing) == 0) {
                g_string_append_printf(which, "%s%d", count > 0 ? ", " : "", j + 1);
                count++;
            }
        g_string_append_printf(text, "  %s: %s\n", count == shown ? "-" : which->str,
                               runs[i].missing);
    }
}

static void append_time(GString *text, const struct search_result *result,
                        const struct search_plan_run *runs, int shown)
{
    g_string_append(
        text, "                                          micro-batches     step time              "
              "bubble\n"
              "     data tensor stages chunks ZeRO recompute number x size   formula simulated  "
              "formula simulated\n");
    for (int i = 0; i < shown; i++)
        append_time_row(text, i + 1, &g_array_index(result->fitting, struct search_found, i),
                        &runs[i]);
    append_missing(text, runs, shown);
    for (int i = 0; i < shown; i++)
        if (runs[i].simulated && runs[i].only_time) {
            g_string_append(text,
                            "  Simulated: charges and messages of one pipeline; sums of gradients "
                            "behind it by formula.\n");
            return;
        }
}

/* ---- memory and messages -------------------------------------------------------------------------- */

/* The most that any rank of the simulated run had of all kinds together, each at its peak; and handed over. */
static void append_simulated(GString *text, const struct search_plan_run *run, bool memory)
{
    double most = 0;
    for (int i = 0; run->simulated && i < run->simulated->ranks; i++) {
        const struct rank_use *use = &run->simulated->rank[i];
        double all = 0;
        for (int kind = 0; kind < MEMORY_KINDS; kind++)
            all += kind == MEMORY_WORKSPACE ? 0 : use->peak[kind];
        most = MAX(most, memory ? all : use->message_bytes);
    }
    if (run->simulated && !run->only_time)
        append_bytes(text, most, 11);
    else
        g_string_append_printf(text, "%11s", "-");
}

static void append_memory_row(GString *text, int place, const struct search_found *found,
                              const struct search_plan_run *run)
{
    const struct rank_memory *memory = &found->cost.memory;
    g_string_append_printf(text, "%3d ", place);
    append_bytes(text, memory->parameters + memory->layer_parameters, 11);
    append_bytes(text, memory->gradients + memory->layer_gradients, 11);
    append_bytes(text, memory->optimizer + memory->masters, 11);
    append_bytes(text, memory->activations, 12);
    append_bytes(text, search_memory_sum(memory), 11);
    append_simulated(text, run, true);
    append_bytes(text, found->cost.given, 11);
    append_simulated(text, run, false);
    g_string_append_c(text, '\n');
}

static void append_memory(GString *text, const struct search_result *result,
                          const struct search_plan_run *runs, int shown)
{
    g_string_append(text,
                    "\nMemory of the rank that needs most, and what a rank hands over, the most\n"
                    "                                                                together   "
                    "     messages and sums\n"
                    "     parameters  gradients  optimizer activations    formula  simulated    "
                    "formula  simulated\n");
    for (int i = 0; i < shown; i++)
        append_memory_row(text, i + 1, &g_array_index(result->fitting, struct search_found, i),
                          &runs[i]);
    g_string_append(
        text, "  Optimizer: its state, and in 16 bits the float32 masters. Activations: of all "
              "micro-batches\n"
              "  between forward and backward. Messages: in a step, what a rank sends to a "
              "neighbour, or puts\n"
              "  into a sum or gather.\n");
}

void search_plan_append_tables(GString *text, const struct plan *plan, const struct search_job *job,
                               const struct search_result *result,
                               const struct search_plan_run *runs, int shown)
{
    append_head(text, plan, job);
    if (shown == 0)
        return;
    g_string_append_printf(text, "\nThe fastest of %u ways that fit\n", result->fitting->len);
    append_time(text, result, runs, shown);
    append_memory(text, result, runs, shown);
}
