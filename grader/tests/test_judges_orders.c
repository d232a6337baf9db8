/*
 * The judges of schedules (order, parallel, race, memory) on logs made by hand
 * from written orders: each rule accepts the golden order and others that satisfy
 * it, and rejects each known mistake by its name.
 */
#include "grader/judges/judges.h"
#include "grader/judges/order_rules.h"
#include "grader/tests/made_run.h"

#include <check.h>

#define MODEL  "--model mlp:depth=4,width=8 --data synthetic:height=8,width=8 --seed 5 --steps 1 "
#define RANKS  8
#define F_COST 10
#define I_COST 10
#define W_COST 10

/* ---- runs from written orders -------------------------------------------------------------- */

struct written {
    struct outcome outcome;
    struct builder *builder;
    struct log_file log[RANKS];
    char *log_error[RANKS];
};

static struct written *written_new(const char *options, int ranks)
{
    struct written *run = g_new0(struct written, 1);
    run->builder = g_new(struct builder, ranks);
    run->outcome = (struct outcome){.ranks = ranks,
                                    .end = RUN_FINISHED,
                                    .folder = "/no/such/folder",
                                    .command = "(the command)",
                                    .log = run->log,
                                    .log_error = run->log_error};
    g_autofree char *all = g_strconcat(MODEL, options, NULL);
    run->outcome.options = made_options(all);
    for (int r = 0; r < ranks; r++) {
        builder_init(&run->builder[r], r, ranks);
        fact(&run->builder[r], LOG_STEP_BEGIN, 0);
    }
    return run;
}

static void written_free(struct written *run)
{
    for (int r = 0; r < run->outcome.ranks; r++)
        free(run->builder[r].log.record);
    g_free(run->builder);
    g_free(run);
}

static void written_end(struct written *run)
{
    for (int r = 0; r < run->outcome.ranks; r++) {
        fact(&run->builder[r], LOG_STEP_END, 0);
        final(&run->builder[r]);
        run->log[r] = run->builder[r].log;
        run->log[r].seed = run->outcome.options.seed;
    }
}

/* One computation with its messages; `messages` false: none, and nobody waits. */
static void work(struct written *run, int r, char kind, int micro_batch, int stage, bool messages)
{
    struct builder *builder = &run->builder[r];
    int p = run->outcome.ranks, stages = p;
    if (run->outcome.options.chunks > 1)
        stages *= run->outcome.options.chunks;
    bool forward = kind == 'F';
    int from = forward ? stage - 1 : stage + 1, to = forward ? stage + 1 : stage - 1;
    int tag = 1000 * micro_batch + (forward ? 0 : 500), own = tag + stage;
    static const struct {
        char kind;
        enum log_operation operation;
        uint64_t cost;
    } kinds[] = {{'F', LOG_FORWARD, F_COST},
                 {'B', LOG_BACKWARD, I_COST + W_COST},
                 {'I', LOG_BACKWARD_INPUT, I_COST},
                 {'W', LOG_BACKWARD_WEIGHT, W_COST},
                 {'s', LOG_OPTIMIZER_STEP, 0}};
    int k = 0;
    while (kinds[k].kind != kind)
        k++;
    messages = messages && kind != 'W' && kind != 's';
    if (messages && from >= 0 && from < stages)
        call(builder, LOG_RECV, from % p, own, 64, true);
    compute(builder, kinds[k].operation, kind == 's' ? r : stage, kind == 's' ? -1 : micro_batch,
            kinds[k].cost);
    if (messages && to >= 0 && to < stages)
        wait_for(builder, isend(builder, to % p, tag + to, 64));
}

/* "F0 B0 step" or "F0.4 B0.4": see work(). */
static void write_line(struct written *run, int r, const char *line, bool messages)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    for (char **word = words; *word; word++) {
        int micro_batch = -1, stage = r;
        if (**word != 's' && sscanf(*word + 1, "%d.%d", &micro_batch, &stage) < 1)
            ck_abort_msg("%s", *word);
        work(run, r, **word, micro_batch, stage, messages);
    }
}

static struct written *written(const char *options, int ranks, const char *const *line)
{
    struct written *run = written_new(options, ranks);
    for (int r = 0; r < ranks; r++)
        write_line(run, r, line[r], true);
    written_end(run);
    return run;
}

/* The same run of any schedule of the library. */
static struct written *written_schedule(const char *options, struct schedule *schedule, bool stages)
{
    struct written *run = written_new(options, schedule->ranks);
    for (int r = 0; r < schedule->ranks; r++) {
        g_autofree char *text = schedule_text(schedule, r, stages, 1 << 20);
        write_line(run, r, text, true);
    }
    written_end(run);
    schedule_free(schedule);
    return run;
}

/* The judge's verdict must be of this kind, its headline and mistake hold these words. */
static void expect(judge_function *judge, const struct written *run, enum verdict_kind kind,
                   const char *says, const char *mistake)
{
    struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "\"%s\" is not in \"%s\"", says,
                  verdict->headline->str);
    ck_assert_msg(!mistake || !strcmp(verdict->mistake->str, mistake), "\"%s\", not \"%s\": %s",
                  verdict->mistake->str, mistake, verdict->headline->str);
    verdict_free(verdict);
}

/* ---- orders that satisfy a rule ------------------------------------------------------------ */

#define O_AFAB        "--schedule afab --batch 8 --micro-batches 8"
#define O_1F1B        "--schedule 1f1b --batch 8 --micro-batches 8"
#define O_BOUNDED     "--schedule bounded --batch 8 --micro-batches 8"
#define O_INTERLEAVED "--schedule interleaved --chunks 2 --batch 8 --micro-batches 8"
#define O_PIPEDREAM   "--schedule pipedream --batch 8 --micro-batches 8"
#define O_ZERO_BUBBLE "--schedule zero-bubble --batch 8 --micro-batches 8"
#define O_NAIVE       "--schedule naive --batch 8 --micro-batches 8"

static const struct {
    const char *options;
    const char *line[4];
} golden[] = {
    {O_AFAB,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"}},
    {O_AFAB, /* backwards */
     {"F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
      "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
      "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0",
      "F0 F1 F2 F3 F4 F5 F6 F7 B7 B6 B5 B4 B3 B2 B1 B0"}},
    {O_1F1B,
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    {O_1F1B, /* other numbers */
     {"F5 F2 F7 F0 B5 F1 B2 F3 B7 F6 B0 F4 B1 B3 B6 B4",
      "F5 F2 F7 B5 F0 B2 F1 B7 F3 B0 F6 B1 F4 B3 B6 B4",
      "F5 F2 B5 F7 B2 F0 B7 F1 B0 F3 B1 F6 B3 F4 B6 B4",
      "F5 B5 F2 B2 F7 B7 F0 B0 F1 B1 F3 B3 F6 B6 F4 B4"}},
    {O_1F1B, /* the input gradient leaves before the weights' are computed */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 I0 W0 F3 I1 W1 F4 I2 W2 F5 I3 W3 F6 I4 W4 F7 I5 W5 I6 W6 I7 W7",
      "F0 F1 I0 W0 F2 I1 W1 F3 I2 W2 F4 I3 W3 F5 I4 W4 F6 I5 W5 F7 I6 W6 I7 W7",
      "F0 I0 W0 F1 I1 W1 F2 I2 W2 F3 I3 W3 F4 I4 W4 F5 I5 W5 F6 I6 W6 F7 I7 W7"}},
    {O_BOUNDED,
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    {O_BOUNDED,
     {"F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7"}},
    {O_INTERLEAVED,
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 F5.4 B3.4 "
      "F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 F4.5 B0.1 "
      "F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 F7.2 B1.2 "
      "F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
      "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 F6.3 B2.3 "
      "F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"}},
    {O_PIPEDREAM,
     {"F0 F1 F2 F3 B0 step F4 B1 step F5 B2 step F6 B3 step F7 B4 step B5 step B6 step B7 step",
      "F0 F1 F2 B0 step F3 B1 step F4 B2 step F5 B3 step F6 B4 step F7 B5 step B6 step B7 step",
      "F0 F1 B0 step F2 B1 step F3 B2 step F4 B3 step F5 B4 step F6 B5 step F7 B6 step B7 step",
      "F0 B0 step F1 B1 step F2 B2 step F3 B3 step F4 B4 step F5 B5 step F6 B6 step F7 B7 "
      "step"}},
    {O_ZERO_BUBBLE,
     {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
      "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
      "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
      "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"}},
    {O_NAIVE, {"F0 B0", "F0 B0", "F0 B0", "F0 B0"}},
};

START_TEST(right_orders_pass)
{
    struct written *run = written(golden[_i].options, 4, golden[_i].line);
    expect(judge_order, run, VERDICT_PASS, NULL, "");
    expect(judge_parallel, run, VERDICT_PASS, NULL, "");
    written_free(run);
}
END_TEST

START_TEST(all_shapes_pass)
{
    for (const struct schedule_kind *kind = schedule_kinds; kind->name; kind++)
        for (int p = 1; p <= 5; p++)
            for (int m = 1; m <= 2 * p + 1; m++) {
                int v = kind->chunked ? 2 : 1;
                if ((kind->chunked && m % p) || (!strcmp(kind->name, "naive") && m > 1))
                    continue;
                g_autofree char *options = g_strdup_printf(
                    "--schedule %s --chunks %d --batch %d --micro-batches %d", kind->name, v, m, m);
                struct written *run = written_schedule(
                    options, schedule_equal(kind->make, p, v, m, 1, 1, 1), kind->chunked);
                expect(judge_order, run, VERDICT_PASS, NULL, "");
                if (p >= 4)
                    expect(judge_parallel, run, VERDICT_PASS, NULL, "");
                written_free(run);
            }
}
END_TEST

/* ---- orders that do not -------------------------------------------------------------------- */

static const struct {
    const char *options;
    const char *line[4];
    const char *says, *mistake;
} wrong[] = {
    {O_1F1B, /* one too many */
     {"F0 F1 F2 F3 F4 B0 F5 B1 F6 B2 F7 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7"},
     "rank 0, step 0: after 4 forwards and 0 backwards a backward is due, not F4: 4 forwards come "
     "before the first backward here",
     "warm-up one too many"},
    {O_1F1B, /* can't run: rank 0 waits for B0, the last rank for F1 */
     {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7"},
     "contradict",
     "warm-up counted from the wrong end"},
    {O_1F1B,
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4", "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "rank 0 ran 1 forwards and 0 backwards of micro-batch 5",
     "no cool-down"},
    {O_1F1B,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"},
     "a backward is due, not F4",
     "all-forward-all-backward instead"},
    {O_1F1B, /* W held back: more in flight than 1F1B has */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 I0 F1 W0 I1 W1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "rank 3, step 0: with F1 2 micro-batches are in flight",
     ""},
    {O_1F1B, /* no alternation: groups of p */
     {"F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
      "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7"},
     "after 4 forwards and 1 backward a forward is due, not B1",
     ""},
    {O_BOUNDED, /* five in flight */
     {"F0 F1 F2 F3 F4 B0 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7",
      "F0 F1 F2 F3 B0 F4 B1 B2 B3 B4 F5 F6 F7 B5 B6 B7"},
     "with F4 5 micro-batches are in flight",
     ""},
    {O_BOUNDED,
     {"F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7",
      "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"},
     "at most min(p, m) = 4",
     "all-forward-all-backward instead"},
    {O_PIPEDREAM, /* flushes: one step at the end */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7 step",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7 step",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7 step",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7 step"},
     "the optimizer does not step between B0 and what follows",
     ""},
    {O_PIPEDREAM, /* twice */
     {"F0 F1 F2 F3 B0 step step F4 B1 step F5 B2 step F6 B3 step F7 B4 step B5 step B6 step B7 "
      "step",
      "F0 F1 F2 B0 step F3 B1 step F4 B2 step F5 B3 step F6 B4 step F7 B5 step B6 step B7 step",
      "F0 F1 B0 step F2 B1 step F3 B2 step F4 B3 step F5 B4 step F6 B5 step F7 B6 step B7 step",
      "F0 B0 step F1 B1 step F2 B2 step F3 B3 step F4 B4 step F5 B5 step F6 B6 step F7 B7 "
      "step"},
     "steps without a backward",
     ""},
    {O_ZERO_BUBBLE, /* 1F1B */
     {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
      "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
      "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
      "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"},
     "B0 is a whole backward",
     ""},
    {O_ZERO_BUBBLE, /* all W at the end */
     {"F0 F1 F2 F3 I0 F4 I1 F5 I2 F6 I3 F7 I4 I5 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 F1 F2 I0 F3 I1 F4 I2 F5 I3 F6 I4 F7 I5 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 F1 I0 F2 I1 F3 I2 F4 I3 F5 I4 F6 I5 F7 I6 I7 W0 W1 W2 W3 W4 W5 W6 W7",
      "F0 I0 F1 I1 F2 I2 F3 I3 F4 I4 F5 I5 F6 I6 F7 I7 W0 W1 W2 W3 W4 W5 W6 W7"},
     "with F4 5 micro-batches are in flight",
     ""},
    {"--schedule interleaved --chunks 2 --batch 4 --micro-batches 4", /* chunk 0 back first */
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 B0.0 B1.0 B2.0 B3.0 B0.4 B1.4 B2.4 B3.4",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 B0.1 B1.1 B2.1 B3.1 B0.5 B1.5 B2.5 B3.5",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.2 F3.6 B1.2 B2.2 B3.2 B0.6 B1.6 B2.6 B3.6",
      "F0.3 F1.3 F2.3 F3.3 F0.7 B0.3 F1.7 B1.3 F2.7 B2.3 F3.7 B3.3 B0.7 B1.7 B2.7 B3.7"},
     "contradict",
     "interleaved: chunks not reversed in backward"},
    {"--schedule interleaved --chunks 2 --batch 4 --micro-batches 4",
     {"F0.0 F0.1 F1.0 F1.1 F2.0 F2.1 F3.0 F3.1 B0.1 B0.0 B1.1 B1.0 B2.1 B2.0 B3.1 B3.0",
      "F0.2 F0.3 F1.2 F1.3 F2.2 F2.3 F3.2 F3.3 B0.3 B0.2 B1.3 B1.2 B2.3 B2.2 B3.3 B3.2",
      "F0.4 F0.5 F1.4 F1.5 F2.4 F2.5 F3.4 F3.5 B0.5 B0.4 B1.5 B1.4 B2.5 B2.4 B3.5 B3.4",
      "F0.6 F0.7 F1.6 F1.7 F2.6 F2.7 F3.6 F3.7 B0.7 B0.6 B1.7 B1.6 B2.7 B2.6 B3.7 B3.6"},
     "belongs to rank 1",
     "interleaved: contiguous chunks"},
    {"--schedule interleaved --chunks 2 --batch 8 --micro-batches 8", /* one too many */
     {"F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 F7.0 B0.4 F4.4 B1.4 F5.4 B2.4 F6.4 "
      "B3.4 F7.4 B0.0 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
      "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 F5.1 B0.5 F6.1 B1.5 F7.1 B2.5 F4.5 B3.5 F5.5 "
      "B0.1 F6.5 B1.1 F7.5 B2.1 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
      "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 F3.6 B0.6 F4.2 B1.6 F5.2 B2.6 F6.2 B3.6 F7.2 B0.2 F4.6 "
      "B1.2 F5.6 B2.2 F6.6 B3.2 F7.6 B4.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
      "F0.3 F1.3 F2.3 F3.3 F0.7 F1.7 B0.7 F2.7 B1.7 F3.7 B2.7 F4.3 B3.7 F5.3 B0.3 F6.3 B1.3 F7.3 "
      "B2.3 F4.7 B3.3 F5.7 B4.7 F6.7 B5.7 F7.7 B6.7 B7.7 B4.3 B5.3 B6.3 B7.3"},
     "a backward is due, not F7.0",
     "warm-up one too many"},
    {O_NAIVE, {"F0 B0", "F0 B0", "F0 B0 F0 B0", "F0 B0"}, "rank 2 ran 2 forwards", ""},
};

START_TEST(wrong_orders_fail_by_name)
{
    struct written *run = written_new(wrong[_i].options, 4);
    for (int r = 0; r < 4; r++)
        write_line(run, r, wrong[_i].line[r], false);
    written_end(run);
    expect(judge_order, run, VERDICT_FAIL, wrong[_i].says, wrong[_i].mistake);
    written_free(run);
}
END_TEST

START_TEST(unknown_schedules_are_not_judged)
{
    static const char *const line[] = {"F0 B0", "F0 B0", "F0 B0", "F0 B0"};
    struct written *run = written("--schedule sideways --batch 1 --micro-batches 1", 4, line);
    expect(judge_order, run, VERDICT_NOT_JUDGED, "sideways", NULL);
    expect(judge_parallel, run, VERDICT_NOT_JUDGED, "sideways", NULL);
    written_free(run);
}
END_TEST

/* A run that hung: what was seen until then names the mistake. */
START_TEST(mistakes_are_recognised_in_what_is_there)
{
    static const char *const line[] = {"F0", "F0", "F0 F1 F2", "F0 F1 F2 F3 B0"};
    const struct schedule_kind *kind = schedule_find("1f1b");
    struct schedule *schedule = schedule_new(4);
    for (int r = 0; r < 4; r++)
        for (const char *c = line[r]; *c; c++)
            if (*c == 'F' || *c == 'B')
                schedule_add(schedule, r,
                             (struct schedule_operation){*c == 'F' ? LOG_FORWARD : LOG_BACKWARD, r,
                                                         c[1] - '0', 1});
    const struct mistake *mistake =
        order_recognise(kind, schedule, (struct schedule_shape){4, 1, 8});
    ck_assert_ptr_nonnull(mistake);
    ck_assert_str_eq(mistake->name, "warm-up counted from the wrong end");
    schedule_free(schedule);
    schedule = schedule_new(4); /* nobody came to a backward: nothing is known */
    ck_assert_ptr_null(order_recognise(kind, schedule, (struct schedule_shape){4, 1, 8}));
    schedule_free(schedule);
}
END_TEST

/* ---- time ---------------------------------------------------------------------------------- */

/* Orders that satisfy the rule, but the ranks wait for each other. */
START_TEST(slow_orders_are_not_parallel)
{
    static const struct {
        const char *options;
        const char *line[4];
    } slow[] = {
        {O_ZERO_BUBBLE, /* every W at once: as slow as 1F1B */
         {"F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
          "F0 F1 F2 I0 W0 F3 I1 W1 F4 I2 W2 F5 I3 W3 F6 I4 W4 F7 I5 W5 I6 W6 I7 W7",
          "F0 F1 I0 W0 F2 I1 W1 F3 I2 W2 F4 I3 W3 F5 I4 W4 F6 I5 W5 F7 I6 W6 I7 W7",
          "F0 I0 W0 F1 I1 W1 F2 I2 W2 F3 I3 W3 F4 I4 W4 F5 I5 W5 F6 I6 W6 F7 I7 W7"}},
        {O_BOUNDED, /* one after the other */
         {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
        {O_1F1B, /* too little warm-up on rank 0 */
         {"F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
          "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
          "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
          "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"}},
    };
    struct written *run = written(slow[_i].options, 4, slow[_i].line);
    if (_i < 2)
        expect(judge_order, run, VERDICT_PASS, NULL, "");
    expect(judge_parallel, run, VERDICT_FAIL, "longer", "");
    written_free(run);
}
END_TEST

/* One micro-batch instead of eight needs no pipeline. */
START_TEST(all_micro_batches_have_to_run)
{
    static const char *const one[] = {"F0 B0", "F0 B0", "F0 B0", "F0 B0"};
    static const char *const chunked[] = {"F0.0 F0.4 B0.4 B0.0", "F0.1 F0.5 B0.5 B0.1",
                                          "F0.2 F0.6 B0.6 B0.2", "F0.3 F0.7 B0.7 B0.3"};
    struct written *run = written(O_1F1B, 4, one);
    expect(judge_parallel, run, VERDICT_FAIL, "one backward of every micro-batch", "");
    written_free(run);
    run = written(O_INTERLEAVED, 4, chunked);
    expect(judge_parallel, run, VERDICT_FAIL, "one backward of every micro-batch", "");
    written_free(run);
}
END_TEST

/* Nobody waits for a message, so the log comes to its end; the dependencies would not. */
START_TEST(contradicting_orders_are_told_without_a_figure)
{
    static const char *const line[] = {"F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
                                       "F0 F1 B0 B1 F2 F3 B2 B3 F4 F5 B4 B5 F6 F7 B6 B7",
                                       "F0 F1 F2 F3 B0 B1 B2 B3 F4 F5 F6 F7 B4 B5 B6 B7",
                                       "F0 F1 F2 F3 F4 F5 F6 F7 B0 B1 B2 B3 B4 B5 B6 B7"};
    struct written *run = written_new(O_AFAB, 4);
    for (int r = 0; r < 4; r++)
        write_line(run, r, line[r], false);
    written_end(run);
    expect(judge_parallel, run, VERDICT_FAIL, "orders contradict each other", "");
    written_free(run);
}
END_TEST

START_TEST(computing_without_waiting_is_too_fast)
{
    struct written *run = written_new(golden[2].options, 4);
    for (int r = 0; r < 4; r++)
        write_line(run, r, golden[2].line[r], false);
    written_end(run);
    expect(judge_parallel, run, VERDICT_FAIL, "did not wait", "");
    written_free(run);
}
END_TEST

START_TEST(figures_are_those_of_the_formulas)
{
    static const struct {
        int golden;
        const char *says[3];
    } cases[] = {
        {2, {"27.27% measured", "idle = (p-1)(F+B): 27.27%", "37.50% measured, formula 37.50%"}},
        {7, {"15.79% measured", "idle = (p-1)(F+B)/v: 15.79%", "18.75% measured, formula 18.75%"}},
        {9, {"11.11% measured", "idle = (p-1)(F+I-W): 11.11%", "12.50% measured, formula 12.50%"}},
    };
    struct written *run =
        written(golden[cases[_i].golden].options, 4, golden[cases[_i].golden].line);
    struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    judge_parallel(&judgement, verdict);
    for (int k = 0; k < 3; k++)
        ck_assert_msg(strstr(verdict->explanation->str, cases[_i].says[k]), "%s is not in %s",
                      cases[_i].says[k], verdict->explanation->str);
    /* Rank 1 of 4 sends to both sides, with each of its stages. */
    ck_assert_ptr_nonnull(
        strstr(verdict->explanation->str, _i == 1 ? "| 32 (32) |" : "| 16 (16) |"));
    verdict_free(verdict);
    written_free(run);
}
END_TEST

/* ---- the simulator's clock ----------------------------------------------------------------- */

/* Gives the records the clocks that a simulator would: those of the schedule's own run. Every
 * FLOP takes `factor` nanoseconds. */
static void set_clocks(struct written *run, double factor)
{
    struct replay *replay =
        replay_run(run->log, run->outcome.ranks, NULL, (struct replay_options){.optimizer = true});
    struct schedule *schedule = schedule_of_replay(replay);
    struct replay *truth = schedule_run(schedule);
    for (int r = 0; r < run->outcome.ranks; r++) {
        int k = 0;
        double now = 12345;
        for (size_t i = 0; i < run->log[r].count; i++) {
            struct log_record *record = &run->log[r].record[i];
            bool computes =
                record->operation >= LOG_FORWARD && record->operation <= LOG_OPTIMIZER_STEP;
            if (computes && record->phase == LOG_BEGIN)
                now = 12345 + factor * truth->rank[r].interval[k].begin;
            else if (computes)
                now = 12345 + factor * truth->rank[r].interval[k++].end;
            record->clock = (uint64_t)now;
        }
        /* Time passes inside of calls, not behind them. */
        for (size_t i = run->log[r].count - 1; i-- > 0;) {
            struct log_record *record = &run->log[r].record[i];
            if (record->phase == LOG_END && record->operation >= LOG_SEND)
                record->clock = record[1].clock;
        }
    }
    replay_free(replay);
    replay_free(truth);
    schedule_free(schedule);
    run->outcome.simulated = true;
}

START_TEST(simulator_and_replay_must_agree)
{
    for (int differ = 0; differ < 2; differ++) {
        struct written *run = written(golden[_i].options, 4, golden[_i].line);
        set_clocks(run, differ ? 1.05 : 1);
        run->outcome.platform = "free";
        expect(judge_parallel, run, differ ? VERDICT_NOT_JUDGED : VERDICT_PASS,
               differ ? "one of the grader's two clocks is wrong" : NULL, "");
        run->outcome.platform = "another"; /* messages cost something there */
        expect(judge_parallel, run, VERDICT_PASS, NULL, "");
        written_free(run);
    }
}
END_TEST

/* A run whose rank 0 lets this part of the step pass before its optimizer steps, testing for a
 * message or not. */
static struct written *with_pastime(bool polls, double part)
{
    struct written *run = written_new(golden[2].options, 4);
    for (int r = 0; r < 4; r++)
        write_line(run, r, golden[2].line[r], true);
    if (polls)
        call(&run->builder[0], LOG_TEST, -1, -1, 0, true);
    work(run, 0, 's', -1, 0, false);
    written_end(run);
    set_clocks(run, 1);
    run->outcome.platform = "free";
    for (int r = 0; r < 4; r++) /* a step long enough for a poll to be little */
        for (size_t i = 0; i < run->log[r].count; i++) {
            run->log[r].record[i].clock *= 10000;
            run->log[r].record[i].flops *= 10000;
        }
    struct log_record *record = run->log[0].record;
    uint64_t step = record[run->log[0].count - 1].clock - record[0].clock;
    bool late = false;
    for (size_t i = 0; i < run->log[0].count; i++) {
        late = late || record[i].operation == LOG_OPTIMIZER_STEP;
        record[i].clock += late ? (uint64_t)(part * (double)step) : 0;
    }
    return run;
}

/* The whole batch in the first micro-batch, and empty events for the others. */
START_TEST(empty_events_are_no_work)
{
    struct written *run = written_new("--schedule 1f1b --micro-batches 4 --steps 1", 1);
    for (int i = 0; i < 4; i++) {
        compute(&run->builder[0], LOG_FORWARD, 0, i, i == 0 ? 4 * F_COST : 0);
        compute(&run->builder[0], LOG_BACKWARD, 0, i, I_COST + W_COST);
    }
    written_end(run);
    expect(judge_order, run, VERDICT_FAIL, "F1 cost 0 FLOPs on stage 0, and F0 ", "");
    written_free(run);
}
END_TEST

/* A send that nobody ever waits for, and that all the computations are done without. */
START_TEST(messages_must_be_waited_for)
{
    for (size_t g = 0; g < G_N_ELEMENTS(golden); g++) {
        struct written *run = written_new(golden[g].options, 4);
        for (int r = 0; r < 4; r++)
            write_line(run, r, golden[g].line[r], true);
        isend(&run->builder[2], 1, 4711, 64);
        call(&run->builder[1], LOG_RECV, 2, 4711, 64, true);
        written_end(run);
        const char *schedule = run->outcome.options.schedule;
        bool of_luck = strcmp(schedule, "afab") == 0 || strcmp(schedule, "1f1b") == 0;
        expect(judge_order, run, of_luck ? VERDICT_PASS : VERDICT_FAIL,
               of_luck ? NULL : "rank 2 never waited for a message that it sent to rank 1", "");
        written_free(run);
    }
}
END_TEST

/* Tests and MPI_Wtime take a little simulated time, and sleeping takes what it takes: neither is a
 * defect of the grader's. */
START_TEST(own_time_is_the_runs_own)
{
    static const struct {
        bool polls;
        double part; /* of the step */
        enum verdict_kind kind;
        const char *says;
    } cases[] = {{false, 0.005, VERDICT_PASS, NULL},
                 {true, 0.005, VERDICT_PASS, NULL},
                 {false, 0.5, VERDICT_FAIL, "rank 0 lets "},
                 {true, 0.5, VERDICT_FAIL, "too rarely"}};
    struct written *run = with_pastime(cases[_i].polls, cases[_i].part);
    expect(judge_parallel, run, cases[_i].kind, cases[_i].says, "");
    written_free(run);
}
END_TEST

/* FLOPs outside of computations take simulated time, which the replay does not know: in front of
 * its optimizer's step rank 0 computes half a step's worth besides. */
START_TEST(own_flops_are_the_runs_own)
{
    struct written *run = with_pastime(false, 0.5);
    struct log_record *record = run->log[0].record;
    size_t last = run->log[0].count - 1;
    uint64_t besides = 0;
    for (size_t i = 1; i <= last; i++) {
        if (record[i].operation == LOG_OPTIMIZER_STEP && record[i].phase == LOG_BEGIN)
            besides = record[i].clock - record[i - 1].clock;
        record[i].flops += besides;
    }
    ck_assert_uint_gt(besides, 0);
    g_autofree char *says =
        g_strdup_printf("rank 0 computes %.4g FLOPs outside of its stage", (double)besides);
    expect(judge_parallel, run, VERDICT_FAIL, says, "");
    written_free(run);
}
END_TEST

/* ---- race ---------------------------------------------------------------------------------- */

/* Two ranks: the batch as a whole costs as much as its micro-batches. */
static struct written *two_ranks(const char *options, const char *first, const char *second,
                                 int micro_batches)
{
    const char *const line[] = {first, second};
    struct written *run = written(options, 2, line);
    for (int r = 0; r < 2; r++)
        for (size_t i = 0; i < run->log[r].count; i++)
            run->log[r].record[i].flops *= (uint64_t)(80 / micro_batches);
    run->outcome.options.batch_size = 8;
    return run;
}

static void race(struct written *naive, struct written *pipeline, enum verdict_kind kind,
                 const char *says)
{
    struct outcome both[2] = {naive->outcome, pipeline->outcome};
    struct judgement judgement = {.outcome = both, .outcomes = 2};
    struct verdict *verdict = verdict_new();
    judge_race(&judgement, verdict);
    ck_assert_msg(verdict->kind == kind, "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    ck_assert_msg(!says || strstr(verdict->headline->str, says), "%s\n%s", verdict->headline->str,
                  verdict->explanation->str);
    if (kind == VERDICT_PASS)
        ck_assert_ptr_nonnull(
            strstr(verdict->explanation->str, "1.778 times as fast in the replay"));
    verdict_free(verdict);
}

START_TEST(the_pipeline_wins)
{
    struct written *naive = two_ranks(O_NAIVE, "F0 B0", "F0 B0", 1);
    struct written *fast = two_ranks(O_1F1B, "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                                     "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 8);
    race(naive, fast, VERDICT_PASS, NULL);
    set_clocks(naive, 1);
    set_clocks(fast, 1);
    race(naive, fast, VERDICT_PASS, NULL);
    set_clocks(fast, 1.2); /* messages cost more than the pipeline gains */
    race(naive, fast, VERDICT_FAIL, "by the simulated clock");
    struct written *slow = two_ranks(O_1F1B, "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7",
                                     "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 8);
    set_clocks(slow, 1);
    race(naive, slow, VERDICT_FAIL, "1.00 times as fast as the naive step; 1.60 times is due");
    struct written *fewer =
        two_ranks(O_1F1B, "F0 F1 B0 F2 B1 F3 B2 B3", "F0 B0 F1 B1 F2 B2 F3 B3", 8);
    set_clocks(fewer, 1);
    race(naive, fewer, VERDICT_FAIL, "a step is not complete");
    struct written *lighter = two_ranks(O_1F1B, "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                                        "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7", 16);
    set_clocks(lighter, 1);
    race(naive, lighter, VERDICT_FAIL, "computes only 50.0% of what the naive step does");
    written_free(fewer);
    written_free(lighter);
    fast->outcome.options.batch_size = 16;
    race(naive, fast, VERDICT_NOT_JUDGED, "no naive run of the same work");
    written_free(naive);
    written_free(fast);
    written_free(slow);
}
END_TEST

/* ---- memory -------------------------------------------------------------------------------- */

#define MEMORY_OPTIONS                                                                             \
    "--schedule bounded --model mlp:depth=4,width=32 --batch 120 --micro-batches 40"

/* The peak of activation bytes when `group` micro-batches after the other go through a stage. */
static uint64_t peak_of_groups(const struct model *model, int rank, int group)
{
    struct stage *stage = stage_new(
        model, &(struct stage_options){rank, 4, 2 * rank, 2, 3, 40, 5, DEVICE_CPU, false});
    size_t before = memory_live(MEMORY_ACTIVATION);
    memory_reset_peak();
    struct tensor *kept[40];
    for (int i = 0; i < group; i++) {
        struct tensor *x = stage_input_new(stage);
        tensor_zero(x);
        kept[i] = stage_forward(stage, i, x);
    }
    for (int i = 0; i < group; i++) {
        tensor_zero(kept[i]);
        tensor_free(stage_backward(stage, i, kept[i])); /* as if it were the gradient */
    }
    size_t peak = memory_peak(MEMORY_ACTIVATION) - before;
    stage_free(stage);
    return peak;
}

static void remember(struct written *run, int r, uint64_t kind, uint64_t bytes, double value)
{
    struct log_record record = log_record_new(LOG_MEMORY, LOG_INSTANT);
    record.request = kind;
    record.bytes = bytes;
    record.value = value;
    put(&run->builder[r], record);
}

#define SENSELESS ((uint64_t)1 << 40) /* growth from what is no number */

static bool forgets_a_wait; /* one send that nobody waits for */

/* in_order: micro-batches in flight by the log; held: by the accounting; growth: of the process. */
static void judge_use(int in_order, int held, uint64_t growth, bool simulated,
                      enum verdict_kind kind, const char *says)
{
    struct shape sample;
    int classes;
    char error[512];
    struct written *run = written_new(MEMORY_OPTIONS, 4);
    ck_assert(dataset_describe(run->outcome.options.dataset, &sample, &classes, error));
    struct model *model = model_new(run->outcome.options.model, sample, classes, error);
    ck_assert_ptr_nonnull(model);
    for (int r = 0; r < 4; r++) {
        for (int first = 0; first < 40; first += in_order)
            for (int i = first; i < first + 2 * in_order; i++)
                work(run, r, i < first + in_order ? 'F' : 'B', first + (i - first) % in_order, r,
                     true);
        if (forgets_a_wait && r == 1)
            call(&run->builder[r], LOG_RECV, 2, 4711, 64, true);
        if (forgets_a_wait && r == 2)
            isend(&run->builder[r], 1, 4711, 64);
        struct log_record record = log_record_new(LOG_STAGE, LOG_INSTANT);
        record.stage = r;
        record.value = 2 * r;
        record.request = 2;
        put(&run->builder[r], record);
        if (held > 0)
            remember(run, r, MEMORY_ACTIVATION, peak_of_groups(model, r, held), 0);
        if (!simulated)
            remember(run, r, LOG_MEMORY_RESIDENT, (uint64_t)(50 << 20) + growth,
                     growth == SENSELESS ? NAN : 50 << 20);
    }
    written_end(run);
    run->outcome.simulated = simulated;
    expect(judge_memory, run, kind, says, "");
    model_free(model);
    written_free(run);
}

START_TEST(memory_is_bounded)
{
    judge_use(4, 4, 1 << 20, false, VERDICT_PASS, NULL);
    judge_use(4, 4, 0, true, VERDICT_PASS, NULL);
    judge_use(4, 1, 20 << 20, false, VERDICT_PASS, NULL);
    judge_use(4, 40, 1 << 20, false, VERDICT_FAIL, "of activations at once");
    judge_use(40, 40, 1 << 20, false, VERDICT_FAIL, "5 micro-batches are in flight");
    judge_use(5, 4, 1 << 20, false, VERDICT_FAIL, "5 micro-batches are in flight");
    judge_use(4, 4, 60 << 20, false, VERDICT_FAIL, "grew by 60.0 MiB");
    judge_use(4, 4, SENSELESS, false, VERDICT_FAIL, "grew by");
    judge_use(4, 0, 1 << 20, false, VERDICT_FAIL, "did not record");
    forgets_a_wait = true;
    judge_use(4, 4, 1 << 20, false, VERDICT_FAIL, "rank 2 never waited for a message");
    forgets_a_wait = false;
}
END_TEST

/* ---- logs that make no sense --------------------------------------------------------------- */

START_TEST(nonsense_is_survived)
{
    static const char *const options[] = {O_NAIVE,       O_AFAB,      O_1F1B,       O_BOUNDED,
                                          O_INTERLEAVED, O_PIPEDREAM, O_ZERO_BUBBLE};
    judge_function *judges_of_order[] = {judge_order, judge_parallel, judge_race, judge_memory};
    for (unsigned seed = 1; seed < 140; seed++) {
        struct written *run = written_new(options[seed % G_N_ELEMENTS(options)], 4);
        write_nonsense(run->builder, 4, seed);
        written_end(run);
        run->outcome.simulated = seed & 1;
        run->outcome.platform = seed & 1 ? "free" : NULL;
        for (gsize k = 0; k < G_N_ELEMENTS(judges_of_order); k++) {
            struct outcome twice[2] = {run->outcome, run->outcome};
            struct judgement judgement = {.outcome = twice, .outcomes = 2};
            struct verdict *verdict = verdict_new();
            judges_of_order[k](&judgement, verdict);
            ck_assert_uint_gt(verdict->headline->len, 0);
            bool lone = judges_of_order[k] == judge_race; /* it wants a second schedule */
            ck_assert_msg(lone || verdict->kind != VERDICT_PASS, "seed %u: %s", seed,
                          verdict->headline->str);
            verdict_free(verdict);
        }
        written_free(run);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("judges of orders");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, empty_events_are_no_work);
    tcase_add_test(tests, messages_must_be_waited_for);
    tcase_add_loop_test(tests, right_orders_pass, 0, (int)G_N_ELEMENTS(golden));
    tcase_add_test(tests, all_shapes_pass);
    tcase_add_loop_test(tests, wrong_orders_fail_by_name, 0, (int)G_N_ELEMENTS(wrong));
    tcase_add_test(tests, unknown_schedules_are_not_judged);
    tcase_add_test(tests, mistakes_are_recognised_in_what_is_there);
    tcase_add_loop_test(tests, slow_orders_are_not_parallel, 0, 3);
    tcase_add_test(tests, all_micro_batches_have_to_run);
    tcase_add_test(tests, contradicting_orders_are_told_without_a_figure);
    tcase_add_test(tests, computing_without_waiting_is_too_fast);
    tcase_add_loop_test(tests, figures_are_those_of_the_formulas, 0, 3);
    tcase_add_loop_test(tests, simulator_and_replay_must_agree, 0, (int)G_N_ELEMENTS(golden));
    tcase_add_loop_test(tests, own_time_is_the_runs_own, 0, 4);
    tcase_add_test(tests, own_flops_are_the_runs_own);
    tcase_add_test(tests, the_pipeline_wins);
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_test(tests, nonsense_is_survived);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
