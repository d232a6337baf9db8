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
    bool own_came; /* FLOW_OTHER: what was due had come, too */
};

static struct script *builder;
static struct log_file logs[RANKS];
static struct outcome outcome;
static struct flow_sizes sizes; /* nothing known, but where a test sets it */

static bool same_for_all; /* stage 0 returns the same for micro-batches 0 and 1 */

/* Distinct, and not 0: what a stage returns. */
static uint64_t output(bool backward, int stage, int micro_batch)
{
    if (same_for_all && !backward && stage == 0 && micro_batch == 1)
        micro_batch = 0;
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
        if (hit && change->own_came) {
            passed(LOG_SEND, peer % RANKS, rank, 900, sent);
            passed(LOG_RECV, rank, peer % RANKS, 900, sent);
        }
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
    struct flow flow = flow_find(&outcome, matching, sizes, 0, M);
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
    {{false, 1, 0, FLOW_OTHER, 1, false},
     3,
     false, /* its own never came: the sender has sent another */
     "on rank 1 (stage 1) the forward of micro-batch 0 was given the activation of micro-batch 1, "
     "which came in the message with tag 10 from rank 0."},
    {{false, 2, 3, FLOW_OTHER, 2, false}, 3, false, "was given the activation of micro-batch 2"},
    {{false, 1, 0, FLOW_OTHER, 1, true}, 3, true, "the activation of micro-batch 1"},
    {{false, 1, 2, FLOW_OTHER, 1, true}, 3, false, "the activation of micro-batch 1"},
    {{true, 0, 1, FLOW_OTHER, 3, true},
     3,
     true,
     "on rank 0 (stage 0) the backward of micro-batch 1 was given the gradient of micro-batch 3"},
    {{false, 1, 2, FLOW_CHANGED, 0, false},
     3,
     false,
     "was given the message with tag 12 from rank 0, which holds nothing that a forward of stage 0 "
     "had returned: it was changed before it was sent"},
    {{true, 1, 2, FLOW_CHANGED, 0, false}, 3, false, "a backward of stage 2 had returned"},
    {{false, 2, 0, FLOW_THROWN_AWAY, 0, false},
     3,
     false,
     "rank 2 (stage 2) received the activation of micro-batch 0 (the message with tag 20 from rank "
     "1) and threw it away"},
    {{true, 0, 0, FLOW_STRANGE, 0, false}, 3, false, "no message of this step had brought"},
    /* Interleaved: from the last rank on to the first. */
    {{false, 3, 1, FLOW_OTHER, 2, true},
     6,
     true,
     "on rank 0 (stage 3) the forward of micro-batch 1"},
    {{true, 2, 1, FLOW_CHANGED, 0, false}, 6, false, "message with tag 121 from rank 0"},
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

/* ---- fingerprints that tell nothing ----------------------------------------------------------------- */

#define SAMPLES 3
#define WIDTH   6

static uint64_t filled_with(int byte)
{
    unsigned char bytes[sizeof(float) * SAMPLES * WIDTH];
    memset(bytes, byte, sizeof bytes);
    return log_fingerprint(bytes, sizeof bytes);
}

/* What stage 0 gave for each of two micro-batches, what stage 1 met for the first one, and whether a
 * message had brought that. */
static const struct {
    int given[2]; /* a byte that all bytes are; -1: numbers */
    int met;
    bool came;
    enum flow_kind kind;
} alike[] = {
    {{-1, -1}, 0xff, false, FLOW_UNFILLED},   /* nobody sent anything: never filled */
    {{-1, 0xff}, 0xff, false, FLOW_UNFILLED}, /* … although stage 0 made NaN of the other one */
    {{-1, 0xff}, 0xff, true, FLOW_RIGHT},     /* the other one's, or never filled: who can say */
    {{-1, 0}, 0, true, FLOW_RIGHT},
    {{0xff, 0xff}, 0xff, false, FLOW_RIGHT}, /* what was due, and nothing else */
    {{-1, -1}, 0xff, true, FLOW_CHANGED},
};

START_TEST(what_is_like_any_other_is_nobodys)
{
    char error[MODEL_ERROR_SIZE];
    struct model *model = model_new("mlp:depth=2,width=6", SHAPE(1, 4, 4), 10, error);
    ck_assert_ptr_nonnull(model);
    struct evidence_stage stage[] = {{0, 0, 2, 1}, {1, 2, model->layers - 2, 1}};
    ck_assert_int_eq(shape_count(model->layer[2].input), WIDTH);
    builder = g_new(struct script, 2);
    for (int r = 0; r < 2; r++) {
        script_init(&builder[r], r, 2);
        script_step(&builder[r], LOG_STEP_BEGIN, 0);
    }
    uint64_t out[2];
    for (int i = 0; i < 2; i++) {
        out[i] = alike[_i].given[i] < 0 ? output(false, 0, i) : filled_with(alike[_i].given[i]);
        computed(0, false, 0, i, 7, out[i]);
    }
    uint64_t met = filled_with(alike[_i].met);
    if (alike[_i].came) {
        passed(LOG_SEND, 0, 1, 0, met);
        passed(LOG_RECV, 1, 0, 0, met);
    }
    computed(1, false, 1, 0, met, 1);
    computed(1, false, 1, 1, out[1], 2);
    for (int r = 0; r < 2; r++) {
        script_step(&builder[r], LOG_STEP_END, 0);
        script_final(&builder[r]);
        logs[r] = builder[r].log;
    }
    outcome = (struct outcome){.ranks = 2, .log = logs, .options.batch_size = 2 * SAMPLES};
    strcpy(outcome.options.step, "1f1b");
    struct matching *matching = matching_new(logs, 2);
    struct flow flow = flow_find(&outcome, matching, (struct flow_sizes){model, stage}, 0, 2);
    ck_assert_int_eq(flow.kind, alike[_i].kind);
    matching_free(matching);
    for (int r = 0; r < 2; r++)
        free(builder[r].log.record);
    g_free(builder);
    model_free(model);
}
END_TEST

/* Two micro-batches for which stage 0 gave the same: neither of them is the other one's. */
START_TEST(what_two_have_is_nobodys)
{
    static const struct change change = {false, 1, 2, FLOW_OTHER, 0, false};
    same_for_all = true;
    struct verdict *verdict = verdict_new();
    ck_assert_int_eq(find(&change, RANKS, verdict).kind, FLOW_RIGHT);
    verdict_free(verdict);
    same_for_all = false;
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
    tcase_add_loop_test(cases, what_is_like_any_other_is_nobodys, 0, G_N_ELEMENTS(alike));
    tcase_add_test(cases, what_two_have_is_nobodys);
    tcase_add_test(cases, a_stage_records_what_enters_and_leaves);
    suite_add_tcase(suite, cases);
    return suite;
}
