/*
 * Judges "memory_state", "memory_activations" and "memory_runs".
 *
 * Run:       the probe of the group, which calls memory_per_rank for many models and ways to train (memory_cases.h).
 * Must hold: to the byte, each kind is what memory_truth.c finds; in the last group what the kit's accounting says of a run
 *            (memory_runs.c).
 * A failure: the first case that is not right, in words, with expected and found by kind; and the known mistake, if it explains
 *            what was said of all cases.
 */
#include "assignments/memory/arithmetic_probes.h"
#include "assignments/memory/judges/arithmetic/arithmetic.h"
#include "grader/evidence/probe_file.h"

#include <math.h>

enum {
    PARTS_OF_STATE = (1 << PART_ACTIVATIONS) - 1,
    PARTS_OF_ACTIVATIONS = 1 << PART_ACTIVATIONS,
    PARTS_OF_RUNS = PARTS_OF_STATE | PARTS_OF_ACTIVATIONS
};

/* ---- reading -------------------------------------------------------------------------------------------- */

static bool read_memory(const json_t *entry, void *result)
{
    double bytes[MEMORY_PARTS];
    for (int part = 0; part < MEMORY_PARTS; part++) {
        const char *text = json_string_value(json_object_get(entry, memory_part_names[part]));
        if (!text)
            return false;
        bytes[part] = g_ascii_strtod(text, NULL);
    }
    *(struct rank_memory *)result =
        (struct rank_memory){.parameters = bytes[PART_PARAMETERS],
                             .gradients = bytes[PART_GRADIENTS],
                             .optimizer = bytes[PART_OPTIMIZER],
                             .masters = bytes[PART_MASTERS],
                             .layer_parameters = bytes[PART_LAYER_PARAMETERS],
                             .layer_gradients = bytes[PART_LAYER_GRADIENTS],
                             .activations = bytes[PART_ACTIVATIONS]};
    return true;
}

static GArray *read_all(const struct outcome *run, enum memory_group group, struct verdict *verdict)
{
    g_autofree char *name = g_strdup_printf(PROBE_MEMORY, (int)group);
    GArray *found = g_array_new(FALSE, TRUE, sizeof(struct rank_memory));
    json_t *root = probe_file_read(run, name, (size_t)memory_cases(group), verdict);
    const bool usable = probe_file_results(root, name, read_memory, found, verdict);
    json_decref(root);
    if (usable)
        return found;
    g_array_unref(found);
    return NULL;
}

/* ---- judging --------------------------------------------------------------------------------------------- */

static struct rank_memory right_of(const struct memory_case *one)
{
    if (one->group == MEMORY_OF_RUNS)
        return memory_arithmetic_run(one);
    return memory_arithmetic_truth(&(struct model_numbers){one->layers, one->layer}, &one->way, 0);
}

static void explain(const struct rank_memory *found, const struct rank_memory *right,
                    unsigned parts, struct verdict *verdict)
{
    verdict_explain(verdict, "| bytes | found | right |\n| --- | ---: | ---: |\n");
    for (int part = 0; part < MEMORY_PARTS; part++) {
        const double is = memory_part(found, (enum memory_part)part);
        const double should = memory_part(right, (enum memory_part)part);
        if ((parts & 1u << part) != 0)
            verdict_explain(verdict, "| %s | %.15g | %.15g |\n", memory_part_names[part], is,
                            should);
    }
    verdict_explain(verdict, "\n");
}

/* The first kind that is not right. */
static int first_wrong(const struct rank_memory *found, const struct rank_memory *right,
                       unsigned parts)
{
    for (int part = 0; part < MEMORY_PARTS; part++)
        if (!memory_arithmetic_same(found, right, parts & 1u << part))
            return part;
    return -1;
}

static bool judge_case(const struct memory_case *one, const struct rank_memory *found,
                       unsigned parts, struct verdict *verdict)
{
    const struct rank_memory right = right_of(one);
    const int wrong = first_wrong(found, &right, parts);
    if (wrong < 0)
        return true;
    char way[WAY_TEXT_SIZE];
    evidence_fail(verdict, "%s, %s: %s: %.15g bytes, and should be %.15g", one->what,
                  one->group == MEMORY_OF_STATE ? way_state_text(&one->way, way)
                                                : way_text(&one->way, way),
                  memory_part_names[wrong], memory_part(found, (enum memory_part)wrong),
                  memory_part(&right, (enum memory_part)wrong));
    explain(found, &right, parts, verdict);
    return false;
}

static void judge_group(const struct outcome *run, enum memory_group group, unsigned parts,
                        struct verdict *verdict)
{
    static struct memory_case one;
    const uint64_t seed = run->options.seed;
    GArray *found = evidence_logs(run, verdict) ? read_all(run, group, verdict) : NULL;
    if (!found)
        return;
    const struct rank_memory *all = &g_array_index(found, struct rank_memory, 0);
    bool right = true;
    for (int i = 0; right && i < memory_cases(group); i++) {
        memory_case_make(seed, group, i, &one);
        right = judge_case(&one, &all[i], parts, verdict);
    }
    const struct mistake *mistake =
        right ? NULL : memory_arithmetic_mistake(seed, group, all, parts);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    g_array_unref(found);
}

static void judge_state(const struct judgement *judgement, const struct outcome *run,
                        struct verdict *verdict)
{
    (void)judgement;
    judge_group(run, MEMORY_OF_STATE, PARTS_OF_STATE, verdict);
}

static void judge_activations(const struct judgement *judgement, const struct outcome *run,
                              struct verdict *verdict)
{
    (void)judgement;
    judge_group(run, MEMORY_OF_ACTIVATIONS, PARTS_OF_ACTIVATIONS, verdict);
}

static void judge_runs(const struct judgement *judgement, const struct outcome *run,
                       struct verdict *verdict)
{
    (void)judgement;
    judge_group(run, MEMORY_OF_RUNS, PARTS_OF_RUNS, verdict);
}

void memory_judge_state(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_state,
                      "parameters, gradients and state, to the byte, and ZeRO's published table");
}

void memory_judge_activations(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_activations,
                      "activations, to the byte, and those of published transformers");
}

void memory_judge_runs(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_runs,
                      "what the accounting says of the kit's models, to the byte");
}
