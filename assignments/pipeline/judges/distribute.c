/*
 * Judge "distribute".
 *
 * Run:       the probe that calls distribute_layers() with many sizes.
 * Must hold: every stage has a contiguous run of at least one layer, every layer is there once, and
 *            the largest stage is no larger than it must be, counted in layers or in FLOPs.
 * A failure: names the smallest sizes for which that does not hold, and what was returned.
 */
#include "assignments/pipeline/judges/judges.h"
#include "grader/evidence/probe_file.h"

#include <math.h>
#include <string.h>

#define LARGEST 200 /* layers and stages of a case */
/* The probe tries at least all of these sizes. */
#define ALL_LAYERS 24
#define ALL_STAGES 12

struct placement {
    int layers, stages;
    double flops[LARGEST];
    int first_layer[LARGEST + 1];
    bool overrun;
};

static bool read_placement(const json_t *entry, struct placement *placement)
{
    const json_t *flops = json_object_get(entry, "flops");
    const json_t *first = json_object_get(entry, "first_layer");
    if (!probe_file_int(entry, "layers", &placement->layers) ||
        !probe_file_int(entry, "stages", &placement->stages) ||
        !probe_file_bool(entry, "overrun", &placement->overrun))
        return false;
    int layers = placement->layers, stages = placement->stages;
    if (layers < 1 || layers > LARGEST || stages < 1 || stages > layers || !json_is_array(flops) ||
        !json_is_array(first) || json_array_size(flops) != (size_t)layers ||
        json_array_size(first) != (size_t)stages + 1)
        return false;
    for (int l = 0; l < layers; l++) {
        const json_t *value = json_array_get(flops, (size_t)l);
        placement->flops[l] = json_number_value(value);
        if (!json_is_number(value) || !(placement->flops[l] >= 0))
            return false;
    }
    for (int s = 0; s <= stages; s++) {
        const json_t *value = json_array_get(first, (size_t)s);
        if (!json_is_integer(value) || llabs(json_integer_value(value)) > INT_MAX)
            return false;
        placement->first_layer[s] = (int)json_integer_value(value);
    }
    return true;
}

/* The smallest possible largest sum of a contiguous stage: best[l] is that of the first l layers in
 * s stages. */
static double smallest_maximum(const double *cost, int layers, int stages)
{
    double best[LARGEST + 1], sum[LARGEST + 1] = {0};
    for (int l = 0; l < layers; l++)
        sum[l + 1] = sum[l] + cost[l];
    memcpy(best, sum, sizeof(best)); /* one stage */
    for (int s = 2; s <= stages; s++)
        for (int l = layers; l >= 0; l--) { /* downwards: best[cut] is still that of s - 1 stages */
            best[l] = INFINITY;
            for (int cut = s - 1; cut < l; cut++)
                best[l] = fmin(best[l], fmax(best[cut], sum[l] - sum[cut]));
        }
    return best[layers];
}

static double largest_sum(const struct placement *placement)
{
    double largest = 0;
    for (int s = 0; s < placement->stages; s++) {
        double sum = 0;
        for (int l = placement->first_layer[s]; l < placement->first_layer[s + 1]; l++)
            sum += placement->flops[l];
        largest = fmax(largest, sum);
    }
    return largest;
}

/* The mark that the probe puts there before the call. */
static bool is_unset(int first_layer)
{
    return first_layer < -1000000;
}

static char *placement_text(const struct placement *placement)
{
    GString *text = g_string_new(NULL);
    for (int s = 0; s <= placement->stages; s++) {
        if (is_unset(placement->first_layer[s]))
            g_string_append(text, s ? ", (not set)" : "(not set)");
        else
            g_string_append_printf(text, "%s%d", s ? ", " : "", placement->first_layer[s]);
    }
    return g_string_free(text, FALSE);
}

/* NULL if the placement is right, else what is wrong with it (to be freed). */
static char *what_is_wrong(const struct placement *placement)
{
    int layers = placement->layers, stages = placement->stages, largest = 0;
    const int *first = placement->first_layer;
    if (placement->overrun)
        return g_strdup("it wrote outside of the array of stages + 1 numbers");
    for (int s = 0; s <= stages; s++)
        if (is_unset(first[s]))
            return g_strdup_printf("number %d of the %d is not set", s, stages + 1);
    if (first[0] != 0)
        return g_strdup("stage 0 has to begin with layer 0");
    if (first[stages] != layers)
        return g_strdup_printf("the last number has to be %d, the number of layers", layers);
    for (int s = 0; s < stages; s++) {
        if (first[s + 1] <= first[s] || first[s + 1] > layers)
            return g_strdup_printf("stage %d gets layers %d to %d", s, first[s], first[s + 1] - 1);
        largest = MAX(largest, first[s + 1] - first[s]);
    }
    int best = (layers + stages - 1) / stages;
    double best_flops = smallest_maximum(placement->flops, layers, stages);
    double flops = largest_sum(placement);
    if (largest == best || flops <= best_flops * (1 + 1e-9))
        return NULL;
    return g_strdup_printf(
        "the largest stage has %d layers where %d are enough, and %.6g FLOPs where "
        "%.6g are enough",
        largest, best, flops, best_flops);
}

static bool all_sizes_are_there(const bool seen[ALL_LAYERS + 1][ALL_STAGES + 1],
                                struct verdict *verdict)
{
    for (int layers = 1; layers <= ALL_LAYERS; layers++)
        for (int stages = 1; stages <= MIN(layers, ALL_STAGES); stages++)
            if (!seen[layers][stages]) {
                evidence_fail(verdict, "probe-distribute.json lacks %d layers on %d stages", layers,
                              stages);
                return false;
            }
    return true;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    json_t *root = probe_file_read(run, "probe-distribute.json", 1, verdict), *entry;
    bool seen[ALL_LAYERS + 1][ALL_STAGES + 1] = {{false}};
    struct placement *placement = g_new(struct placement, 1);
    size_t i;
    int wrong = 0;
    json_array_foreach(root, i, entry)
    {
        if (!read_placement(entry, placement)) {
            evidence_fail(verdict, "result %zu of probe-distribute.json is not usable", i + 1);
            break;
        }
        if (placement->layers <= ALL_LAYERS && placement->stages <= ALL_STAGES)
            seen[placement->layers][placement->stages] = true;
        g_autofree char *what = what_is_wrong(placement);
        if (!what)
            continue;
        g_autofree char *text = placement_text(placement);
        if (wrong++ == 0)
            evidence_fail(verdict, "distribute_layers(%d layers, %d stages) gives %s: %s",
                          placement->layers, placement->stages, text, what);
        if (wrong <= 8)
            verdict_explain(verdict, "\n- %d layers, %d stages: first_layer = %s: %s",
                            placement->layers, placement->stages, text, what);
    }
    if (wrong > 0)
        verdict_explain(verdict, "\n\n%d of %zu cases are wrong.\n", wrong, json_array_size(root));
    else if (root && verdict->kind == VERDICT_PASS)
        all_sizes_are_there(seen, verdict);
    g_free(placement);
    json_decref(root);
}

void judge_distribute(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "every layer once, contiguous, and the largest stage as small as possible");
}
