/*
 * Judge "comparison".
 *
 * Run:       a step with --compare, intact, and with one number spoiled before comparing.
 * Must hold: intact, every rank agrees, and has called assert_close for each of its layers (the
 *            last rank also for the outputs); spoiled, the rank that owns the number disagrees.
 * A failure: compare_with_baseline() does not see what it has to see, or sees what is not there.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/stages.h"

struct answer {
    bool there, agreed;
    GArray *bytes; /* uint64_t: the size of every tensor given to assert_close */
};

/* What a rank did behind its first step, up to the result that the driver recorded. */
static struct answer read_answer(const struct log_file *log)
{
    struct answer answer = {.bytes = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    bool behind = false;
    for (size_t i = 0; i < log->count && !answer.there; i++) {
        const struct log_record *record = &log->record[i];
        behind = behind || record->operation == LOG_STEP_END;
        if (behind && record->operation == LOG_ASSERT_CLOSE)
            g_array_append_val(answer.bytes, record->bytes);
        if (behind && record->operation == LOG_PROBE) {
            answer.there = true;
            answer.agreed = log_agreed(record);
        }
    }
    return answer;
}

/* Takes one comparison of that many bytes out of the list. */
static bool take(GArray *bytes, uint64_t size)
{
    for (guint i = 0; i < bytes->len; i++)
        if (g_array_index(bytes, uint64_t, i) == size) {
            g_array_remove_index_fast(bytes, i);
            return true;
        }
    return false;
}

static bool compared_everything(const struct outcome *run, const struct model *model, int rank,
                                const struct evidence_stage *stage, GArray *bytes,
                                struct verdict *verdict)
{
    uint64_t outputs = sizeof(float) * (uint64_t)run->options.batch_size * (uint64_t)model->outputs;
    if (rank == run->ranks - 1 && !take(bytes, outputs)) {
        evidence_fail(verdict, "rank %d, the last stage, did not compare the outputs of the batch",
                      rank);
        return false;
    }
    if (take(bytes, stage->parameter_bytes)) /* all at once, or a stage with one such layer */
        return true;
    for (int layer = stage->first_layer; layer < stage->first_layer + stage->layers; layer++) {
        uint64_t size = sizeof(float) * model->layer[layer].parameter_count;
        if (size > 0 && !take(bytes, size)) {
            evidence_fail(verdict,
                          "rank %d did not compare the gradients of layer %d (%s): no call of "
                          "assert_close with a tensor of its size",
                          rank, layer, model->layer[layer].operations->kind);
            return false;
        }
    }
    return true;
}

/* The rank that owns what --corrupt spoiled, or -1. */
static int spoiled_rank(const struct outcome *run, const struct evidence_stage *stage)
{
    const struct pipeline_options own = pipeline_options(&run->options);
    if (!own.corrupt[0])
        return -1;
    if (own.corrupt_layer < 0)
        return run->ranks - 1;
    return stage[stages_owner(stage, stages_count(run), own.corrupt_layer)].rank;
}

static void judge_rank(const struct outcome *run, const struct model *model, int rank,
                       const struct evidence_stage *stage, struct verdict *verdict)
{
    struct answer answer = read_answer(&run->log[rank]);
    int spoiled = spoiled_rank(run, stage);
    if (!answer.there)
        evidence_fail(verdict, "rank %d: there is no result of the comparison", rank);
    else if (spoiled < 0 && !answer.agreed)
        evidence_fail(verdict, "rank %d: compare_with_baseline() returned false for an intact step",
                      rank);
    else if (spoiled == rank && answer.agreed)
        evidence_fail(
            verdict,
            "rank %d: compare_with_baseline() returned true although one number was spoiled "
            "(%s)",
            rank, pipeline_options(&run->options).corrupt);
    else if (spoiled < 0)
        compared_everything(run, model, rank, &stage[rank], answer.bytes, verdict);
    g_array_unref(answer.bytes);
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
    evidence_each_run(judgement, verdict, judge_run,
                      "agrees with an intact step on every rank, and notices a spoiled number");
}
