/*
 * The judge of PipeDream on made-up runs: the stages take turns in the order of
 * 1F1B in this process, each with a stash of parameters, and write the evidence
 * that a real run would. Right runs pass; every known mistake fails and is named.
 */
#include "assignments/pipeline/judges/judges.h"
#include "assignments/pipeline/judges/versions.h"
#include "assignments/pipeline/tests/support/made_run.h"
#include "common/log/log.h"
#include "tests/support/test.h"

#include <unistd.h>

#define SMALL "--model mlp:depth=3,width=12 --data synthetic:height=8,width=8 --seed 5 "
#define RUN   SMALL "--schedule pipedream --batch 12 --micro-batches 6 --steps 4 "
#define PARTS 6

enum mistake_made {
    NOTHING,
    NOT_STASHED,
    FLUSHES,         /* behind all micro-batches, one optimizer step */
    FLUSHES_THREE,   /* behind three micro-batches their three optimizer steps */
    UPDATES_STASH,   /* w' = stash - lr · g */
    NEVER_ZEROED,    /* gradients add up for ever */
    SCALED,          /* loss / m */
    STEP_TWICE,      /* two optimizer steps behind micro-batch 0 on the last stage */
    OTHER_SEED_DATA, /* another batch: no known mistake */
    LEAKS,           /* copies are never freed */
    KEEPS_A_RING,    /* p + 1 copies on every stage, which is right */
    STEPS_IF_NEEDED, /* none where there are no parameters, which is right */
};

static const int three[] = {0, 2, 4, 6};

struct pipe {
    struct made_run *run;
    enum mistake_made mistake;
    struct tensor *x[PARTS], *dy[PARTS]; /* what comes next, of each micro-batch */
    int forwards_done[MADE_RANKS], backwards_done[MADE_RANKS];
    struct tensor *stash[MADE_RANKS][PARTS];
};

static uint64_t fingerprint(struct pipe *pipe, int r)
{
    const struct tensor *parameters = stage_parameters(pipe->run->stage[r]);
    return log_fingerprint(parameters->data, tensor_bytes(parameters));
}

static void put_computation(struct pipe *pipe, int r, enum log_operation operation, int i,
                            enum log_phase phase, uint64_t parameters)
{
    struct log_record record = log_record_new(operation, phase);
    record.stage = r;
    record.micro_batch = i;
    record.fingerprint = parameters;
    script_put(&pipe->run->script[r], record);
}

static void update(struct pipe *pipe, int r)
{
    int first = stage_first_layer(pipe->run->stage[r]), layers = stage_layers(pipe->run->stage[r]);
    if (pipe->mistake == STEPS_IF_NEEDED &&
        model_parameter_count(pipe->run->model, first, layers) == 0)
        return;
    put_computation(pipe, r, LOG_OPTIMIZER_STEP, -1, LOG_BEGIN, 0);
    optimizer_step(pipe->run->optimizer[r]);
    put_computation(pipe, r, LOG_OPTIMIZER_STEP, -1, LOG_END, fingerprint(pipe, r));
}

static void one_forward(struct pipe *pipe, int r, int i)
{
    pipe->stash[r][i] = stage_parameters_copy(pipe->run->stage[r]);
    put_computation(pipe, r, LOG_FORWARD, i, LOG_BEGIN, fingerprint(pipe, r));
    pipe->x[i] = stage_forward(pipe->run->stage[r], i, pipe->x[i]);
    put_computation(pipe, r, LOG_FORWARD, i, LOG_END, 0);
    if (r < pipe->run->ranks - 1)
        return;
    batch_loss(pipe->run->batch, i, pipe->x[i]);
    bool whole = pipe->mistake == SCALED || pipe->mistake == FLUSHES;
    pipe->dy[i] = batch_loss_backward(pipe->run->batch, i, whole ? 1.0f / PARTS : 1.0f);
}

static void one_backward(struct pipe *pipe, int r, int i)
{
    struct stage *stage = pipe->run->stage[r];
    if (pipe->mistake != NEVER_ZEROED && (pipe->mistake != FLUSHES || i == 0))
        stage_zero_gradients(stage);
    struct tensor *newest = NULL;
    if (pipe->mistake != NOT_STASHED && pipe->mistake != FLUSHES)
        newest = stage_exchange_parameters(stage, pipe->stash[r][i]);
    put_computation(pipe, r, LOG_BACKWARD, i, LOG_BEGIN, fingerprint(pipe, r));
    pipe->dy[i] = stage_backward(stage, i, pipe->dy[i]);
    put_computation(pipe, r, LOG_BACKWARD, i, LOG_END, 0);
    if (pipe->mistake == UPDATES_STASH)
        tensor_free(newest);
    else if (newest)
        tensor_free(stage_exchange_parameters(stage, newest));
    else
        tensor_free(pipe->stash[r][i]);
    if (pipe->mistake != FLUSHES || i == PARTS - 1)
        update(pipe, r);
    if (pipe->mistake == STEP_TWICE && i == 0 && r == pipe->run->ranks - 1)
        update(pipe, r);
}

/* May rank r run its next backward now? Otherwise its next forward. */
static bool backward_is_next(const struct pipe *pipe, int r)
{
    int forwards = pipe->forwards_done[r], backwards = pipe->backwards_done[r];
    int ahead = pipe->run->ranks - r; /* forwards in flight before a backward is due */
    if (pipe->mistake == FLUSHES_THREE)
        ahead = 3 - backwards % 3;
    return forwards == PARTS || forwards - backwards == ahead;
}

/* Lets a rank do one thing if it can. */
static bool take_turn(struct pipe *pipe, int r)
{
    int f = pipe->forwards_done[r], b = pipe->backwards_done[r];
    if (b == PARTS)
        return false;
    bool last = r == pipe->run->ranks - 1;
    if (backward_is_next(pipe, r)) {
        if (!last && pipe->backwards_done[r + 1] <= b)
            return false;
        one_backward(pipe, r, b);
        pipe->backwards_done[r]++;
    } else {
        if (r > 0 && pipe->forwards_done[r - 1] <= f)
            return false;
        one_forward(pipe, r, f);
        pipe->forwards_done[r]++;
    }
    return true;
}

static void one_step(struct made_run *run, int step, enum mistake_made mistake)
{
    struct pipe pipe = {.run = run, .mistake = mistake};
    batch_load(run->batch, mistake == OTHER_SEED_DATA ? step + 1 : step);
    for (int i = 0; i < PARTS; i++)
        pipe.x[i] = batch_inputs(run->batch, i);
    for (int r = 0; r < run->ranks; r++) {
        stage_set_step(run->stage[r], step);
        script_step(&run->script[r], LOG_STEP_BEGIN, (uint64_t)step);
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (int r = 0; r < run->ranks; r++)
            moved = take_turn(&pipe, r) || moved;
    }
    made_losses(run, PARTS);
    for (int r = 0; r < run->ranks; r++) {
        ck_assert_int_eq(pipe.backwards_done[r], PARTS);
        script_step(&run->script[r], LOG_STEP_END, (uint64_t)step);
    }
    for (int i = 0; i < PARTS; i++)
        tensor_free(pipe.dy[i]);
}

/* All stages are in this process, so what each rank would have held is written down: the newest
 * parameters and a copy for each micro-batch in flight, or for each that there ever was. */
static void put_memory(struct made_run *run, enum mistake_made mistake)
{
    for (int r = 0; r < run->ranks; r++) {
        int copies = mistake == LEAKS          ? PARTS * run->options.steps
                     : mistake == KEEPS_A_RING ? run->ranks + 1
                                               : MIN(PARTS, run->ranks - r);
        struct log_record record = log_record_new(LOG_MEMORY, LOG_INSTANT);
        record.own_number = MEMORY_PARAMETER;
        record.bytes = (uint64_t)(copies + 1) * tensor_bytes(stage_parameters(run->stage[r]));
        script_put(&run->script[r], record);
    }
}

static const struct judgement *train(struct made_run *run, enum mistake_made mistake)
{
    for (int step = 0; step <= run->options.steps; step++) {
        if (made_is_listed(run->options.snapshot, run->options.snapshots, step))
            made_snapshot(run, step);
        if (step < run->options.steps)
            one_step(run, step, mistake);
    }
    put_memory(run, mistake);
    return made_finish(run);
}

static void expect_it(const struct judgement *judgement, enum verdict_kind kind, const char *says,
                      const char *mistake)
{
    struct verdict *verdict = verdict_new();
    judge_pipedream(judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    ck_assert_str_eq(verdict->mistake->str, mistake);
    verdict_free(verdict);
}

static void expect(const char *arguments, int ranks, const int *first_layer,
                   enum mistake_made mistake, enum verdict_kind kind, const char *says,
                   const char *name)
{
    struct made_run *run = made_run_new(arguments, ranks, first_layer);
    expect_it(train(run, mistake), kind, says, name);
    made_run_free(run);
}

/* ---- right -------------------------------------------------------------------------------------- */

START_TEST(right_runs_pass)
{
    static const int one[] = {0, 6}, two[] = {0, 4, 6}, five[] = {0, 1, 2, 3, 5, 6};
    static const char *const how[] = {RUN "--snapshots 0,1,2,4", RUN "--snapshots 0",
                                      RUN "--snapshots 0,1,2,3,4 --optimizer adamw",
                                      RUN "--snapshots 0,1 --loss mean --momentum 0"};
    for (size_t k = 0; k < G_N_ELEMENTS(how); k++) {
        expect(how[k], 3, three, NOTHING, VERDICT_PASS, NULL, "");
        expect(how[k], 1, one, NOTHING, VERDICT_PASS, NULL, "");
        expect(how[k], 2, two, NOTHING, VERDICT_PASS, NULL, "");
        expect(how[k], 5, five, NOTHING, VERDICT_PASS, NULL, ""); /* some without parameters */
        expect(how[k], 3, three, KEEPS_A_RING, VERDICT_PASS, NULL, "");
        expect(how[k], 5, five, STEPS_IF_NEEDED, VERDICT_PASS, NULL, "");
    }
    expect(RUN "--snapshots 0,1,2,4 --model gpt:depth=6,width=8,heads=2,dropout=0.3 "
               "--data synthetic-text:tokens=5,vocabulary=9",
           3, three, NOTHING, VERDICT_PASS, NULL, "");
}
END_TEST

/* ---- wrong -------------------------------------------------------------------------------------- */

static const struct {
    enum mistake_made mistake;
    const char *says, *name;
} wrong[] = {
    {NOT_STASHED, "rank 0 (stage 0): the backward of micro-batch 1", "PipeDream: no stashing"},
    {FLUSHES, "stepped 1 times in step 0", "PipeDream: flushes"},
    {FLUSHES_THREE, "the forward of micro-batch 3", "PipeDream: flushes"},
    {UPDATES_STASH, NULL, "PipeDream: updates the stashed weights"},
    {NEVER_ZEROED, NULL, "PipeDream: gradients not zeroed between micro-batches"},
    {SCALED, NULL, "PipeDream: loss divided by the number of micro-batches"},
    {STEP_TWICE, "stepped 7 times in step 0", ""},
    {OTHER_SEED_DATA, "another loss", ""},
    {LEAKS, "rank 0 (stage 0) held", ""},
};

START_TEST(mistakes_are_named)
{
    expect(RUN "--snapshots 0,1,2", 3, three, wrong[_i].mistake, VERDICT_FAIL, wrong[_i].says,
           wrong[_i].name);
    expect(RUN "--snapshots 0,1,2 --optimizer adamw", 3, three, wrong[_i].mistake, VERDICT_FAIL,
           wrong[_i].says, wrong[_i].name);
}
END_TEST

/* With one stage there is nothing to stash, and updating the stash is right. */
START_TEST(one_stage_knows_no_versions)
{
    static const int one[] = {0, 6};
    expect(RUN "--snapshots 0,1,2", 1, one, NOT_STASHED, VERDICT_PASS, NULL, "");
    expect(RUN "--snapshots 0,1,2", 1, one, UPDATES_STASH, VERDICT_PASS, NULL, "");
    expect(RUN "--snapshots 0,1,2", 1, one, SCALED, VERDICT_FAIL, NULL,
           "PipeDream: loss divided by the number of micro-batches");
}
END_TEST

START_TEST(what_the_log_says_must_fit)
{
    struct made_run *run = made_run_new(RUN "--snapshots 0,1", 3, three);
    const struct judgement *judgement = train(run, NOTHING);
    struct log_file *log = &run->outcome.log[1];
    size_t last = 0;
    for (size_t k = 0; k < log->count; k++)
        if (log->record[k].operation == LOG_BACKWARD && log->record[k].phase == LOG_BEGIN)
            last = k;
    uint64_t right = log->record[last].fingerprint;
    log->record[last].fingerprint = 12345;
    expect_it(judgement, VERDICT_FAIL, "step 3, rank 1 (stage 1): the backward of micro-batch 5",
              "");
    log->record[last].fingerprint = right;
    log->record[last].operation = LOG_NONE;
    expect_it(judgement, VERDICT_FAIL, "it did not run", "");
    log->record[last].operation = LOG_BACKWARD;
    expect_it(judgement, VERDICT_PASS, NULL, "");
    made_run_free(run);
}
END_TEST

START_TEST(snapshots_must_fit)
{
    static const char *const names[] = {"layers.3.weight", "layers.3.bias.momentum_buffer"};
    for (int k = 0; k < 3; k++) {
        struct made_run *run = made_run_new(RUN "--snapshots 0,1,2", 3, three);
        const struct judgement *judgement = train(run, NOTHING);
        char error[TENSOR_FILE_ERROR_SIZE];
        g_autofree char *path =
            g_strdup_printf("%s/rank-1.stage-1.before-2.safetensors", run->folder);
        struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
        ck_assert_ptr_nonnull(file);
        if (k < 2)
            tensor_floats(tensor_file_get(file, names[k]))[1] += 0.01f;
        else
            tensor_file_set_metadata(file, "steps_done", "2");
        ck_assert(tensor_file_write(file, path, error));
        tensor_file_free(file);
        expect_it(judgement, VERDICT_FAIL,
                  k < 2 ? names[k] : "stepped 2 times before step 2; 2 steps with 6 micro-batches",
                  "");
        made_run_free(run);
    }
}
END_TEST

START_TEST(a_snapshot_of_the_beginning_is_needed)
{
    expect(RUN "--snapshots 1,2", 3, three, NOTHING, VERDICT_NOT_JUDGED, "snapshot", "");
}
END_TEST

/* Random records: whatever they say, there is a verdict. */
START_TEST(nonsense_is_survived)
{
    for (unsigned seed = 0; seed < 20; seed++) {
        struct made_run *run = made_run_new(RUN "--snapshots 0,1", 3, three);
        script_nonsense(run->script, 3, seed);
        struct verdict *verdict = verdict_new();
        judge_pipedream(train(run, NOTHING), verdict);
        ck_assert_uint_gt(verdict->headline->len, 0);
        verdict_free(verdict);
        made_run_free(run);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("judge of PipeDream");
    TCase *cases = tcase_create("pipedream");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, right_runs_pass);
    tcase_add_loop_test(cases, mistakes_are_named, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(cases, one_stage_knows_no_versions);
    tcase_add_test(cases, what_the_log_says_must_fit);
    tcase_add_test(cases, snapshots_must_fit);
    tcase_add_test(cases, a_snapshot_of_the_beginning_is_needed);
    tcase_add_test(cases, nonsense_is_survived);
    suite_add_tcase(suite, cases);
    return suite;
}
