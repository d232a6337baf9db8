/*
 * Judge "pipedream".
 *
 * Run:       asynchronous training that stores snapshots.
 * Must hold: by the fingerprints in the log, each stage uses the right version of its parameters
 *            for each forward and backward; from each snapshot the judge trains on in one process
 *            (asynchronous.h), and losses and, at the next snapshot, parameters and optimizer state
 *            agree; and no rank holds more copies of its parameters than stashing needs.
 * A failure: says which micro-batch met which version, or which number is off. The order of the
 *            computations is another judge's.
 */
#include "assignments/pipeline/judges/pipedream.h"

#include "assignments/pipeline/judges/judges.h"
#include "common/base/memory.h"
#include "common/log/log_fields.h"
#include "grader/evidence/messages.h"

#define ARENA_SLACK 64 /* bytes: an arena may be rounded up, and is at least one element long */

void pipedream_name_mistake(const struct asynchronous_evidence *evidence, struct verdict *verdict)
{
    const struct mistake *mistake = mistake_recognise_asynchronous(evidence);
    if (!mistake)
        return;
    verdict_name_mistake(verdict, mistake);
}

/* ---- the order of the log ---------------------------------------------------------------------- */

/* Were parameters exchanged in this step, and each time for themselves? */
static bool exchanges_own_memory(const struct log_file *log, int step, int stage)
{
    size_t first, last;
    int exchanges = 0;
    log_find_step(log, step, &first, &last);
    for (size_t i = first; i < last; i++) {
        const struct log_record *record = &log->record[i];
        if (record->operation != LOG_EXCHANGE || record->stage != stage)
            continue;
        if (!log_agreed(record))
            return false;
        exchanges++;
    }
    return exchanges > 0;
}

struct asynchronous_facts pipedream_facts(const struct asynchronous_run *t, int step,
                                          bool *versioned)
{
    struct asynchronous_facts all = {true, true, false, true, true, versioned};
    int stages = 0;
    for (int s = 0; s < t->stages; s++) {
        versioned[s] = t->stage[s].parameter_bytes > 0;
        if (!versioned[s])
            continue;
        const struct log_file *log = &t->run->log[t->stage[s].rank];
        EVIDENCE_ARRAY events = evidence_events(log);
        struct stage_facts one = stage_facts_read(events, step, s, t->micro_batches, NULL);
        all.step_behind_each = all.step_behind_each && one.alternates == 1;
        all.step_before_each = all.step_before_each && one.alternates == -1;
        all.forward_behind_step = all.forward_behind_step || one.forwards_behind_optimizer > 0;
        all.steps_on_zeros = all.steps_on_zeros && one.optimizer_steps > 0 &&
                             one.steps_on_zeros == one.optimizer_steps;
        all.own_memory = all.own_memory && exchanges_own_memory(log, step, s);
        stages++;
    }
    return stages > 0 ? all : (struct asynchronous_facts){.versioned = versioned};
}

/* ---- versions ---------------------------------------------------------------------------------- */

static bool uses_are_right(const struct asynchronous_run *t, int step, int s,
                           const struct version_use *use, struct verdict *verdict)
{
    for (int i = 0; i < t->micro_batches; i++) {
        int right = asynchronous_version(t->stages, s, i);
        bool forward_wrong = use[i].forward != right;
        if (!forward_wrong && use[i].backward == right)
            continue;
        g_autofree char *due = version_text(right);
        g_autofree char *found = version_text(forward_wrong ? use[i].forward : use[i].backward);
        evidence_fail(verdict,
                      "step %d, rank %d (stage %d): the %s of micro-batch %d has to use the "
                      "parameters of version %d (%s); it used %s",
                      step, t->stage[s].rank, s, forward_wrong ? "forward" : "backward", i, right,
                      due, found);
        return false;
    }
    return true;
}

/* Markdown: F and B of each micro-batch with the version used, stage by stage. */
static void show_uses(const struct asynchronous_run *t, int step, const struct version_use *use,
                      struct verdict *verdict)
{
    verdict_explain(verdict,
                    "\nVersions used in step %d (forward/backward; right where it stands alone; "
                    "?: of no version, -: it did not run):\n\n| stage |",
                    step);
    int shown = MIN(t->micro_batches, 16);
    for (int i = 0; i < shown; i++)
        verdict_explain(verdict, " %d |", i);
    verdict_explain(verdict, "\n|---|");
    for (int i = 0; i < shown; i++)
        verdict_explain(verdict, "---|");
    for (int s = 0; s < t->stages; s++) {
        verdict_explain(verdict, "\n| %d |", s);
        for (int i = 0; i < shown; i++) {
            const int version[] = {use[s * t->micro_batches + i].forward,
                                   use[s * t->micro_batches + i].backward};
            int right = asynchronous_version(t->stages, s, i);
            char text[2][16];
            for (int k = 0; k < 2; k++)
                if (version[k] >= 0)
                    g_snprintf(text[k], sizeof text[k], "%d", version[k]);
                else
                    g_strlcpy(text[k], version[k] == VERSION_NONE ? "-" : "?", sizeof text[k]);
            if (version[0] == right && version[1] == right)
                verdict_explain(verdict, " %s |", text[0]);
            else
                verdict_explain(verdict, " %s/%s (not %d) |", text[0], text[1], right);
        }
    }
    verdict_explain(verdict, "\n");
}

static bool step_uses_right_versions(const struct asynchronous_run *t, GArray *const *events,
                                     int step, uint64_t *newest, struct verdict *verdict)
{
    g_autofree struct version_use *use = g_new(struct version_use, t->stages * t->micro_batches);
    bool right = true;
    for (int s = 0; s < t->stages; s++) {
        int rank = t->stage[s].rank;
        struct version_use *own = &use[s * t->micro_batches];
        int steps = versions_read(&t->run->log[rank], events[rank], step, s, t->stages,
                                  t->micro_batches, &newest[s], own);
        if (right && t->stage[s].parameter_bytes > 0 && steps != t->micro_batches) {
            evidence_fail(verdict,
                          "the optimizer of rank %d (stage %d) stepped %d times in step %d; each "
                          "of the %d micro-batches needs a step of its own",
                          rank, s, steps, step, t->micro_batches);
            verdict_look(verdict, "where optimizer_step is called: once behind each backward");
            right = false;
        }
        /* Without parameters nothing tells one version from another. */
        bool stepped = t->stage[s].parameter_bytes > 0 || steps > 0;
        right = right && (!stepped || uses_are_right(t, step, s, own, verdict));
    }
    if (right)
        return true;
    show_uses(t, step, use, verdict);
    g_autofree bool *versioned = g_new(bool, t->stages);
    struct asynchronous_evidence evidence = {.stages = t->stages,
                                             .micro_batches = t->micro_batches,
                                             .use = use,
                                             .facts = pipedream_facts(t, step, versioned),
                                             .loss = loss_facts_read(t->run, step)};
    pipedream_name_mistake(&evidence, verdict);
    return false;
}

/* All training steps, from the logs. */
static bool versions_are_right(const struct asynchronous_run *t, struct verdict *verdict)
{
    struct asynchronous *initial =
        asynchronous_new(t->reference, t->stage, t->stages, t->micro_batches);
    g_autofree uint64_t *newest = g_new(uint64_t, t->stages);
    g_autofree GArray **events = g_new(GArray *, t->run->ranks);
    for (int s = 0; s < t->stages; s++) {
        const struct tensor *parameters = stage_parameters(initial->stage[s]);
        newest[s] = log_fingerprint(parameters->data, tensor_bytes(parameters));
    }
    asynchronous_free(initial);
    for (int rank = 0; rank < t->run->ranks; rank++)
        events[rank] = evidence_events(&t->run->log[rank]);
    bool right = true;
    for (int step = 0; step < t->run->options.steps && right; step++)
        right = step_uses_right_versions(t, events, step, newest, verdict);
    for (int rank = 0; rank < t->run->ranks; rank++)
        g_array_unref(events[rank]);
    return right;
}

/* ---- memory ------------------------------------------------------------------------------------ */

static uint64_t peak_of_parameters(const struct log_file *log)
{
    struct log_memory memory;
    return log_find_memory(log, MEMORY_PARAMETER, &memory) ? memory.peak : 0;
}

int pipedream_sets(int stages, int stage, int micro_batches)
{
    return MIN(stages - stage, micro_batches) + 1;
}

int pipedream_most_sets(int stages)
{
    return stages + 2;
}

static bool copies_are_freed(const struct asynchronous_run *t, struct verdict *verdict)
{
    for (int s = 0; s < t->stages; s++) {
        int rank = t->stage[s].rank, most_sets = pipedream_most_sets(t->stages);
        uint64_t arena = t->stage[s].parameter_bytes;
        uint64_t most = (uint64_t)most_sets * (arena + ARENA_SLACK);
        uint64_t peak = peak_of_parameters(&t->run->log[rank]);
        if (peak >= arena && peak <= most)
            continue;
        if (peak < arena) {
            evidence_fail(verdict, "rank %d did not record how much memory its parameters took",
                          rank);
            return false;
        }
        evidence_fail(verdict,
                      "rank %d (stage %d) held %" G_GUINT64_FORMAT
                      " bytes of parameters at once, %.1f copies; the micro-batches in flight and "
                      "the newest parameters need %d, and no way of keeping them more than %d: "
                      "stashed copies live on behind their backward",
                      rank, s, (guint64)peak, (double)peak / (double)MAX(arena, 1),
                      pipedream_sets(t->stages, s, t->micro_batches), most_sets);
        verdict_look(verdict, "when the copy of a micro-batch's parameters is freed");
        verdict_explain(verdict,
                        "\nBehind the backward of a micro-batch nobody needs the parameters "
                        "of its forward any more: tensor_free what "
                        "stage_exchange_parameters gives back, or the copy itself.\n");
        return false;
    }
    return true;
}

/* ---- one run ----------------------------------------------------------------------------------- */

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    const struct options *options = &run->options;
    char error[REFERENCE_ERROR_SIZE] = "it stores no snapshot of its beginning";
    if (!evidence_logs(run, verdict))
        return;
    int m = options_micro_batches(options);
    bool judgeable = options->snapshots > 0 && options->snapshot[0] == 0 && options->steps > 0 &&
                     m > 0 && options->batch_size > 0 && options->batch_size % m == 0;
    struct reference *reference = judgeable ? reference_new(options, error) : NULL;
    if (!reference) {
        verdict_set(verdict, VERDICT_NOT_JUDGED, "there is no reference for this run: %s", error);
        return;
    }
    g_autofree struct evidence_stage *stage = stages_read(run, reference->model->layers, verdict);
    int rank = evidence_loss_rank(run);
    if (stage && rank < 0)
        evidence_fail(verdict, "no rank computed a loss");
    if (stage && rank >= 0) {
        struct asynchronous_run t = {.run = run,
                                     .reference = reference,
                                     .stage = stage,
                                     .stages = stages_count(run),
                                     .micro_batches = m,
                                     .loss = g_new(double, options->steps),
                                     .table = g_string_new(NULL)};
        evidence_losses(&run->log[rank], m, options->steps, t.loss);
        if (versions_are_right(&t, verdict))
            pipedream_judge_numbers(&t, verdict);
        struct matching *matching = matching_new(run->log, run->ranks);
        if (verdict->kind == VERDICT_PASS)
            messages_agree(matching, verdict);
        if (verdict->kind == VERDICT_PASS)
            copies_are_freed(&t, verdict);
        matching_free(matching);
        g_string_free(t.table, TRUE);
        g_free(t.loss);
    }
    reference_free(reference);
}

void judge_pipedream(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "every micro-batch uses the parameters that are due, and one process that goes "
        "by the same rule gets the same numbers");
}
