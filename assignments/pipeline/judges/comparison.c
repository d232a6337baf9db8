/*
 * Judge "comparison".
 *
 * Run:       a step with --compare, as it is and with numbers spoiled before comparing.
 * Must hold: as it is, every rank agrees, and has called assert_close for each of its layers (the
 *            last rank also for the outputs). Spoiled beyond what assert_close allows, the rank that
 *            owns the number disagrees; within it, everybody agrees (corruption.h).
 * A failure: compare_with_baseline() does not see what it has to see, or sees what is not there.
 */
#include "assignments/pipeline/corruption.h"
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/stages.h"

/* One call of assert_close. */
struct look {
    uint64_t bytes; /* of the tensor */
    bool close;
};

/* One call of compare_with_baseline. */
struct answer {
    bool agreed;
    GArray *looks; /* of struct look */
};

static void answer_clear(void *answer)
{
    g_array_unref(((struct answer *)answer)->looks);
}

/* What a rank did behind its first step: an array of struct answer, one for each result. */
static GArray *read_answers(const struct log_file *log)
{
    GArray *answers = g_array_new(FALSE, FALSE, sizeof(struct answer));
    GArray *looks = g_array_new(FALSE, FALSE, sizeof(struct look));
    bool behind = false;
    g_array_set_clear_func(answers, answer_clear);
    for (size_t i = 0; i < log->count; i++) {
        const struct log_record *record = &log->record[i];
        if (behind && record->operation == LOG_STEP_BEGIN)
            break;
        behind = behind || record->operation == LOG_STEP_END;
        if (behind && record->operation == LOG_ASSERT_CLOSE) {
            struct look look = {record->bytes, log_agreed(record)};
            g_array_append_val(looks, look);
        }
        if (behind && record->operation == LOG_PROBE) {
            struct answer answer = {log_agreed(record), looks};
            g_array_append_val(answers, answer);
            looks = g_array_new(FALSE, FALSE, sizeof(struct look));
        }
    }
    g_array_unref(looks);
    return answers;
}

/* Takes one comparison of that many bytes out of the list. */
static bool take(GArray *looks, uint64_t size)
{
    for (guint i = 0; i < looks->len; i++)
        if (g_array_index(looks, struct look, i).bytes == size) {
            g_array_remove_index_fast(looks, i);
            return true;
        }
    return false;
}

static uint64_t outputs_bytes(const struct outcome *run, const struct model *model)
{
    return sizeof(float) * (uint64_t)run->options.batch_size *
           shape_elements(model->layer[model->layers - 1].output);
}

static bool compared_everything(const struct outcome *run, const struct model *model, int rank,
                                const struct evidence_stage *stage, GArray *looks,
                                struct verdict *verdict)
{
    if (rank == run->ranks - 1 && !take(looks, outputs_bytes(run, model))) {
        evidence_fail(verdict, "rank %d, the last stage, did not compare the outputs of the batch",
                      rank);
        return false;
    }
    if (take(looks, stage->parameter_bytes)) /* all at once, or a stage with one such layer */
        return true;
    for (int layer = stage->first_layer; layer < stage->first_layer + stage->layers; layer++) {
        uint64_t size = sizeof(float) * model->layer[layer].parameter_count;
        if (size > 0 && !take(looks, size)) {
            evidence_fail(verdict,
                          "rank %d did not compare the gradients of layer %d (%s): no call of "
                          "assert_close with a tensor of its size",
                          rank, layer, model->layer[layer].operations->kind);
            return false;
        }
    }
    return true;
}

/* The rank that owns what was spoiled. */
static int spoiled_rank(const struct outcome *run, const struct evidence_stage *stage, int layer)
{
    return layer < 0 ? run->ranks - 1 : stage[stages_owner(stage, stages_count(run), layer)].rank;
}

/* "gradients of layer 3", "outputs" */
static char *spoiled_name(int layer)
{
    return layer < 0 ? g_strdup("outputs") : g_strdup_printf("gradients of layer %d", layer);
}

/* Was assert_close given a tensor of the size of what was spoiled, or of all the rank's gradients,
 * and found every one of these close? */
static bool was_found_close(const struct outcome *run, const struct model *model,
                            const struct evidence_stage *stage, int layer,
                            const struct answer *answer)
{
    uint64_t size =
        layer < 0 ? outputs_bytes(run, model) : sizeof(float) * model->layer[layer].parameter_count;
    bool found = false;
    for (guint i = 0; i < answer->looks->len; i++) {
        const struct look *look = &g_array_index(answer->looks, struct look, i);
        if (look->bytes != size && (layer < 0 || look->bytes != stage->parameter_bytes))
            continue;
        if (!look->close)
            return false;
        found = true;
    }
    return found;
}

static void explain_tolerances(struct verdict *verdict)
{
    verdict_explain(verdict,
                    "\nUse `tolerance_gradient()` for gradients (each number within 4e-5 and 1e-5 "
                    "of the expected one, and the layer's difference within 1e-5 of its norm) and "
                    "`tolerance_default(DTYPE_FLOAT32)` for outputs (1e-5 and 1.3e-6). A `struct "
                    "tolerance` of your own has three numbers. One that is left out is 0, and with "
                    "a `norm` of 0 nothing may differ at all.\n");
}

/* A number that must be noticed was not: why, as far as the log shows it. */
static void fail_unnoticed(const struct outcome *run, const struct model *model, int rank,
                           const struct evidence_stage *stage, struct corruption corruption,
                           const struct answer *answer, struct verdict *verdict)
{
    g_autofree char *name = spoiled_name(corruption.layer);
    if (!was_found_close(run, model, stage, corruption.layer, answer)) {
        evidence_fail(verdict,
                      "rank %d: compare_with_baseline() returned true although %s of the "
                      "%s was spoiled",
                      rank, corruption.place == CORRUPT_ALL ? "every number" : "one number", name);
        return;
    }
    if (corruption.size == CORRUPT_BEYOND_NORM) {
        evidence_fail(verdict,
                      "rank %d: the norm is not compared: assert_close found the %s close although "
                      "every number was off by half of what a single one may be",
                      rank, name);
        explain_tolerances(verdict);
        return;
    }
    evidence_fail(
        verdict,
        "rank %d: the tolerance is too wide: assert_close found the %s close although one "
        "number was off by %s",
        rank, name,
        corruption.size == CORRUPT_CLEARLY ? "1% of their norm and 0.001"
                                           : "ten times what is allowed");
    explain_tolerances(verdict);
}

/* The answer to one spoiled number. */
static void judge_spoiled(const struct outcome *run, const struct model *model, int rank,
                          const struct evidence_stage *stage, struct corruption corruption,
                          const struct answer *answer, struct verdict *verdict)
{
    g_autofree char *name = spoiled_name(corruption.layer);
    bool own = spoiled_rank(run, stage, corruption.layer) == rank;
    if (corruption.size == CORRUPT_WITHIN_TOLERANCE && !answer->agreed) {
        evidence_fail(verdict,
                      "rank %d: the tolerance is too tight: compare_with_baseline() returned false "
                      "although the %s were off by a tenth of what is allowed, mere rounding",
                      rank, name);
        explain_tolerances(verdict);
    } else if (corruption.size != CORRUPT_WITHIN_TOLERANCE && own && answer->agreed) {
        fail_unnoticed(run, model, rank, &stage[rank], corruption, answer, verdict);
    }
}

/* The last answer is about the step as it is, except where one number only is spoiled. */
static void judge_rank(const struct outcome *run, const struct model *model, int rank,
                       const struct evidence_stage *stage, struct verdict *verdict)
{
    const struct pipeline_options own = pipeline_options(&run->options);
    GArray *answers = read_answers(&run->log[rank]);
    const guint spoiled = own.corrupt_everywhere ? (guint)corruption_count(model) : 0;
    if (answers->len != spoiled + 1) {
        evidence_fail(verdict, "rank %d: there is no result of the comparison", rank);
        g_array_unref(answers);
        return;
    }
    const struct answer *answer = &g_array_index(answers, struct answer, spoiled);
    if (own.corrupt[0] && !own.corrupt_everywhere)
        judge_spoiled(run, model, rank, stage,
                      (struct corruption){own.corrupt_layer, CORRUPT_MIDDLE, CORRUPT_CLEARLY},
                      answer, verdict);
    else if (!answer->agreed)
        evidence_fail(verdict, "rank %d: compare_with_baseline() returned false for an intact step",
                      rank);
    else if (compared_everything(run, model, rank, &stage[rank], answer->looks, verdict))
        for (guint k = 0; k < spoiled && verdict->kind == VERDICT_PASS; k++)
            judge_spoiled(run, model, rank, stage, corruption_number(model, (int)k),
                          &g_array_index(answers, struct answer, k), verdict);
    g_array_unref(answers);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    struct model *model = evidence_logs(run, verdict) ? evidence_model(run, verdict) : NULL;
    if (!model)
        return;
    g_autofree struct evidence_stage *stage = stages_read(run, model->layers, verdict);
    for (int rank = 0; stage && rank < run->ranks && verdict->kind == VERDICT_PASS; rank++)
        judge_rank(run, model, rank, stage, verdict);
    model_free(model);
}

void judge_comparison(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "agrees with an intact step and with mere rounding on every rank, and notices "
        "every spoiled number");
}
