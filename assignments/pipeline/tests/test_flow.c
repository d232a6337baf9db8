/*
 * Following micro-batches by fingerprints: logs written by hand in which one
 * thing came wrong, and the records that a real stage writes.
 */
#include "assignments/pipeline/judges/flow.h"
#include "assignments/pipeline/options.h"
#include "common/log/log.h"
#include "common/training/batch.h"
#include "common/training/stage.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <stdio.h>

#define RANKS 3
#define M     4
#define BYTES 64

/* What the test changes on the way of one micro-batch from one stage to the next. */
struct change {
    bool backward;
    int to; /* stage that is hit; -1: none */
    int micro_batch;
    enum flow_kind kind;
    int carried;
};

static struct script *builder;
static struct log_file logs[RANKS];
static struct outcome outcome;

/* Distinct, and not 0: what a stage returns. */
static uint64_t output(bool backward, int stage, int micro_batch)
{
    return 1000u + 100u * (unsigned)backward + 10u * (unsigned)stage + (unsigned)micro_batch;
}

static void computed(int rank, bool backward, int stage, int i, uint64_t in, uint64_t out)
{
    struct log_record record = log_record_new(backward ? LOG_BACKWARD : LOG_FORWARD, LOG_BEGIN);
    record.stage = stage;
    record.micro_batch = i;
    record.own_number = in;
    script_put(&builder[rank], record);
    record.phase = LOG_END;
    record.own_number = out;
    script_put(&builder[rank], record);
}

static void passed(enum log_operation operation, int rank, int peer, int tag, uint64_t fingerprint)
{
    struct log_record record = script_message(&builder[rank], operation, peer, tag, BYTES);
    record.fingerprint = operation == LOG_SEND ? fingerprint : 0;
    script_put(&builder[rank], record);
    record.fingerprint = fingerprint;
    script_end(&builder[rank], record);
}

static void one_passage(const struct change *change, int stages, bool backward, int s, int i)
{
    int peer = backward ? s + 1 : s - 1, rank = s % RANKS;
    uint64_t in = 7; /* of the data, or of the loss */
    if (peer >= 0 && peer < stages) {
        bool hit = s == change->to && i == change->micro_batch && backward == change->backward;
        uint64_t sent = output(backward, peer, i);
        if (hit && change->kind == FLOW_OTHER)
            sent = output(backward, peer, change->carried);
        if (hit && change->kind == FLOW_CHANGED)
            sent = 5555;
        int tag = 100 * backward + 10 * s + i;
        if (hit && change->kind == FLOW_STRANGE) {
            in = 6666;
        } else {
            passed(LOG_SEND, peer % RANKS, rank, tag, sent);
            passed(LOG_RECV, rank, peer % RANKS, tag, sent);
            in = hit && change->kind == FLOW_THROWN_AWAY ? 6666 : sent;
        }
    }
    computed(rank, backward, s, i, in, output(backward, s, i));
}

static struct flow find(const struct change *change, int stages, struct verdict *verdict)
{
    builder = g_new(struct script, RANKS);
    for (int r = 0; r < RANKS; r++) {
        script_init(&builder[r], r, RANKS);
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
    }
    for (int i = 0; i < M; i++)
        for (int s = 0; s < stages; s++)
            one_passage(change, stages, false, s, i);
    for (int i = 0; i < M; i++)
        for (int s = stages - 1; s >= 0; s--)
            one_passage(change, stages, true, s, i);
    outcome = (struct outcome){.ranks = RANKS, .log = logs};
    strcpy(outcome.options.step, stages > RANKS ? "interleaved" : "1f1b");
    pipeline_options_set(&outcome.options, (struct pipeline_options){.chunks = stages / RANKS});
    for (int r = 0; r < RANKS; r++) {
        script_step(&builder[r], LOG_STEP_END, 0);
        script_final(&builder[r]);
        logs[r] = builder[r].log;
    }
    struct matching *matching = matching_new(logs, RANKS);
    struct flow flow = flow_find(&outcome, matching, 0, M);
    flow_explain(&flow, &outcome, matching, verdict);
    matching_free(matching);
    for (int r = 0; r < RANKS; r++)
        free(builder[r].log.record);
    g_free(builder);
    return flow;
}

START_TEST(nothing_is_said_of_right_runs)
{
    static const struct change none = {.to = -1};
    for (int stages = RANKS; stages <= 2 * RANKS; stages += RANKS) {
        struct verdict *verdict = verdict_new();
        ck_assert_int_eq(find(&none, stages, verdict).kind, FLOW_RIGHT);
        ck_assert_uint_eq(verdict->explanation->len, 0);
        verdict_free(verdict);
    }
}
END_TEST

static const struct {
    struct change change;
    int stages;
    bool later_only;
    const char *says;
} changes[] = {
    {{false, 1, 0, FLOW_OTHER, 1},
     3,
     true,
     "on rank 1 (stage 1) the forward of micro-batch 0 was given the activation of micro-batch 1, "
     "which came in the message with tag 10 from rank 0."},
    {{false, 2, 3, FLOW_OTHER, 2}, 3, false, "was given the activation of micro-batch 2"},
    {{true, 0, 1, FLOW_OTHER, 3},
     3,
     true,
     "on rank 0 (stage 0) the backward of micro-batch 1 was given the gradient of micro-batch 3"},
    {{false, 1, 2, FLOW_CHANGED, 0},
     3,
     false,
     "was given the message with tag 12 from rank 0, which holds nothing that a forward of stage 0 "
     "had returned: it was changed before it was sent"},
    {{true, 1, 2, FLOW_CHANGED, 0}, 3, false, "a backward of stage 2 had returned"},
    {{false, 2, 0, FLOW_THROWN_AWAY, 0},
     3,
     false,
     "rank 2 (stage 2) received the activation of micro-batch 0 (the message with tag 20 from rank "
     "1) and threw it away"},
    {{true, 0, 0, FLOW_STRANGE, 0}, 3, false, "no message of this step had brought"},
    /* Interleaved: from the last rank on to the first. */
    {{false, 3, 1, FLOW_OTHER, 2}, 6, true, "on rank 0 (stage 3) the forward of micro-batch 1"},
    {{true, 2, 1, FLOW_CHANGED, 0}, 6, false, "message with tag 121 from rank 0"},
};

START_TEST(every_kind_is_found)
{
    struct verdict *verdict = verdict_new();
    const struct change *change = &changes[_i].change;
    struct flow flow = find(change, changes[_i].stages, verdict);
    ck_assert_int_eq(flow.kind, change->kind);
    ck_assert_int_eq(flow.backward, change->backward);
    ck_assert_int_eq(flow.stage, change->to);
    ck_assert_int_eq(flow.micro_batch, change->micro_batch);
    ck_assert_int_eq(flow.later_only, changes[_i].later_only);
    if (change->kind == FLOW_OTHER)
        ck_assert_int_eq(flow.carried, change->carried);
    ck_assert_msg(strstr(verdict->explanation->str, changes[_i].says), "%s",
                  verdict->explanation->str);
    verdict_free(verdict);
}
END_TEST

/* ---- what the stage records ---------------------------------------------------------------------- */

static uint64_t fingerprint_of(const struct tensor *tensor)
{
    return log_fingerprint(tensor->data, tensor_bytes(tensor));
}

static const struct log_record *record_of(const struct log_file *log, enum log_operation operation,
                                          enum log_phase phase)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->record[i].operation == operation && log->record[i].phase == phase)
            return &log->record[i];
    ck_abort_msg("no such record");
    return NULL;
}

START_TEST(a_stage_records_what_enters_and_leaves)
{
    char folder[] = "/tmp/flow-XXXXXX", error[LOG_ERROR_SIZE];
    struct shape sample = SHAPE(1, 4, 4);
    struct model *model = model_new("mlp:depth=2,width=6", sample, 10, error);
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    log_open(folder, 0, 1, 1);
    struct stage *stage = stage_new(model, &(struct stage_options){.index = 1,
                                                                   .stages = 2,
                                                                   .first_layer = 2,
                                                                   .layers = model->layers - 2,
                                                                   .micro_batch_size = 3,
                                                                   .micro_batches = 1,
                                                                   .seed = 1,
                                                                   .device = DEVICE_CPU});
    struct tensor *x = stage_input_new(stage), *dy = stage_output_new(stage);
    for (int i = 0; i < x->count; i++)
        tensor_floats(x)[i] = (float)i;
    for (int i = 0; i < dy->count; i++)
        tensor_floats(dy)[i] = (float)-i;
    uint64_t in = fingerprint_of(x), back_in = fingerprint_of(dy);
    struct tensor *y = stage_forward(stage, 0, x), *dx = stage_backward(stage, 0, dy);
    uint64_t out = fingerprint_of(y), back_out = fingerprint_of(dx);
    log_close();

    struct log_file log;
    g_autofree char *path = g_strdup_printf("%s/rank-0.log", folder);
    ck_assert_msg(log_read(path, &log, error), "%s", error);
    ck_assert_uint_eq(record_of(&log, LOG_FORWARD, LOG_BEGIN)->own_number, in);
    ck_assert_uint_eq(record_of(&log, LOG_FORWARD, LOG_END)->own_number, out);
    ck_assert_uint_eq(record_of(&log, LOG_BACKWARD, LOG_BEGIN)->own_number, back_in);
    ck_assert_uint_eq(record_of(&log, LOG_BACKWARD, LOG_END)->own_number, back_out);
    ck_assert_uint_eq(record_of(&log, LOG_FORWARD, LOG_BEGIN)->fingerprint, 0);
    log_destroy(&log);
    tensor_free(y);
    tensor_free(dx);
    stage_free(stage);
    model_free(model);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(remove(folder), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("flow of micro-batches");
    TCase *cases = tcase_create("flow");
    tcase_add_test(cases, nothing_is_said_of_right_runs);
    tcase_add_loop_test(cases, every_kind_is_found, 0, G_N_ELEMENTS(changes));
    tcase_add_test(cases, a_stage_records_what_enters_and_leaves);
    suite_add_tcase(suite, cases);
    return suite;
}
