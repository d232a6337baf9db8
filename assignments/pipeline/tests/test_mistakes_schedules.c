/*
 * Known mistakes of schedules, from evidence written by hand: what a missing
 * end of the schedule leaves out (by the published orders for 4 ranks and 8
 * micro-batches), what came from another micro-batch, and the versions of
 * PipeDream.
 */
#include "assignments/pipeline/judges/mistakes.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define RANKS  4
#define STAGES 8 /* at most */
#define M      8

static struct mistake_stage stage[STAGES];
static struct mistake_evidence evidence;
static struct coefficients matrix[STAGES];
static double values[STAGES][M * M];

static void begin(int stages, enum schedule_id schedule)
{
    for (int s = 0; s < stages; s++) {
        matrix[s] = (struct coefficients){.micro_batches = M, .value = values[s], .unique = true};
        for (int k = 0; k < M * M; k++)
            values[s][k] = k / M == k % M;
        stage[s] = (struct mistake_stage){
            .has_parameters = true,
            .finite = true,
            .ratio = NAN,
            .facts = {.backwards = M, .optimizer_steps = 1, .zeroed_before = 1},
            .early_forward = MISTAKE_UNKNOWN,
            .early_backward = MISTAKE_UNKNOWN,
            .last_backward = MISTAKE_UNKNOWN};
    }
    evidence = (struct mistake_evidence){.stages = stages,
                                         .ranks = RANKS,
                                         .micro_batches = M,
                                         .schedule = &schedule_table[schedule],
                                         .stage = stage};
}

/* The evidence fits this mistake and no other; NULL: none. */
static void expect(const char *name)
{
    GPtrArray *all = mistakes_that_fit(&evidence);
    for (guint i = 0; i < all->len; i++) {
        const struct mistake *one = g_ptr_array_index(all, i);
        ck_assert_msg(name && !strcmp(one->name, name), "%s fits evidence of %s", one->name,
                      name ? name : "nothing");
    }
    g_ptr_array_unref(all);
    const struct mistake *mistake = mistake_recognise(&evidence);
    if (!name) {
        ck_assert_msg(!mistake, "found %s", mistake ? mistake->name : "");
        return;
    }
    ck_assert_msg(mistake != NULL, "%s was not found", name);
    ck_assert_str_eq(mistake->name, name);
}

static void leave_out(int s, int micro_batch)
{
    values[s][micro_batch * M + micro_batch] = 0;
    stage[s].wrong = true;
    stage[s].coefficients = &matrix[s];
    stage[s].facts.backwards--;
}

/* ---- the end of a schedule ---------------------------------------------------------------------- */

static const char *const order_1f1b[] = {"F0 F1 F2 F3 B0 F4 B1 F5 B2 F6 B3 F7 B4 B5 B6 B7",
                                         "F0 F1 F2 B0 F3 B1 F4 B2 F5 B3 F6 B4 F7 B5 B6 B7",
                                         "F0 F1 B0 F2 B1 F3 B2 F4 B3 F5 B4 F6 B5 F7 B6 B7",
                                         "F0 B0 F1 B1 F2 B2 F3 B3 F4 B4 F5 B5 F6 B6 F7 B7"};
static const char *const order_interleaved[] = {
    "F0.0 F1.0 F2.0 F3.0 F0.4 F1.4 F2.4 F3.4 F4.0 F5.0 F6.0 B0.4 F7.0 B1.4 F4.4 B2.4 F5.4 B3.4 "
    "F6.4 B0.0 F7.4 B1.0 B2.0 B3.0 B4.4 B5.4 B6.4 B7.4 B4.0 B5.0 B6.0 B7.0",
    "F0.1 F1.1 F2.1 F3.1 F0.5 F1.5 F2.5 F3.5 F4.1 B0.5 F5.1 B1.5 F6.1 B2.5 F7.1 B3.5 F4.5 B0.1 "
    "F5.5 B1.1 F6.5 B2.1 F7.5 B3.1 B4.5 B5.5 B6.5 B7.5 B4.1 B5.1 B6.1 B7.1",
    "F0.2 F1.2 F2.2 F3.2 F0.6 F1.6 F2.6 B0.6 F3.6 B1.6 F4.2 B2.6 F5.2 B3.6 F6.2 B0.2 F7.2 B1.2 "
    "F4.6 B2.2 F5.6 B3.2 F6.6 B4.6 F7.6 B5.6 B6.6 B7.6 B4.2 B5.2 B6.2 B7.2",
    "F0.3 F1.3 F2.3 F3.3 F0.7 B0.7 F1.7 B1.7 F2.7 B2.7 F3.7 B3.7 F4.3 B0.3 F5.3 B1.3 F6.3 B2.3 "
    "F7.3 B3.3 F4.7 B4.7 F5.7 B5.7 F6.7 B6.7 F7.7 B7.7 B4.3 B5.3 B6.3 B7.3"};
static const char *const order_zero_bubble[] = {
    "F0 F1 F2 F3 I0 W0 F4 I1 W1 F5 I2 W2 F6 I3 W3 F7 I4 W4 I5 W5 I6 W6 I7 W7",
    "F0 F1 F2 I0 F3 I1 W0 F4 I2 W1 F5 I3 W2 F6 I4 W3 F7 I5 W4 I6 W5 I7 W6 W7",
    "F0 F1 I0 F2 I1 F3 I2 W0 F4 I3 W1 F5 I4 W2 F6 I5 W3 F7 I6 W4 I7 W5 W6 W7",
    "F0 I0 F1 I1 F2 I2 F3 I3 W0 F4 I4 W1 F5 I5 W2 F6 I6 W3 F7 I7 W4 W5 W6 W7"};

/* Leaves out what stands behind the last `steady` operation and the one that belongs to it. */
static void leave_out_end(const char *const *order, char steady)
{
    for (int r = 0; r < RANKS; r++) {
        const char *end = strrchr(order[r], steady);
        end = strchr(strchr(end, ' ') + 1, ' ');
        for (; end; end = strchr(end + 1, ' ')) {
            int micro_batch, of_stage;
            if (sscanf(end + 2, "%d.%d", &micro_batch, &of_stage) != 2)
                of_stage = r;
            leave_out(of_stage, micro_batch);
        }
    }
}

START_TEST(no_cool_down)
{
    begin(RANKS, SCHEDULE_1F1B);
    leave_out_end(order_1f1b, 'F');
    expect("no cool-down");
    evidence.schedule = &schedule_table[SCHEDULE_ZERO_BUBBLE]; /* whose end is another */
    expect(NULL);
    evidence.schedule = &schedule_table[SCHEDULE_1F1B];
    values[1][3 * M + 3] = 0; /* one more on one stage */
    expect(NULL);

    begin(RANKS, SCHEDULE_1F1B); /* the same on every stage: a loop that is one short */
    for (int s = 0; s < RANKS; s++)
        leave_out(s, M - 1);
    expect("last micro-batch dropped");
}
END_TEST

/* With no more micro-batches than stages behind there is only warm-up and cool-down. */
START_TEST(no_cool_down_with_few_micro_batches)
{
    static double two[RANKS][4];
    begin(RANKS, SCHEDULE_1F1B);
    evidence.micro_batches = 2;
    for (int s = 0; s < RANKS; s++) {
        matrix[s].micro_batches = 2;
        matrix[s].value = two[s];
    }
    stage[0].wrong = stage[0].all_zero = stage[1].wrong = stage[1].all_zero = true;
    stage[2].wrong = true;
    stage[2].coefficients = &matrix[2];
    two[2][0] = 1;
    stage[0].facts.backwards = stage[1].facts.backwards = 0;
    stage[2].facts.backwards = 1;
    expect("no cool-down");
    evidence.schedule = &schedule_table[SCHEDULE_AFAB];
    stage[2].facts.backwards = 2;
    expect(NULL); /* no backward at all: nothing that could have been sent on */
    stage[0].facts.backwards = stage[1].facts.backwards = 2;
    expect("input gradient never sent");
}
END_TEST

START_TEST(no_cool_down_interleaved)
{
    begin(2 * RANKS, SCHEDULE_INTERLEAVED);
    leave_out_end(order_interleaved, 'F');
    expect("no cool-down");
    values[7][0] = 0;
    stage[7].wrong = true;
    expect(NULL);
}
END_TEST

START_TEST(weight_gradients_left_out)
{
    begin(RANKS, SCHEDULE_ZERO_BUBBLE);
    leave_out_end(order_zero_bubble, 'I');
    expect("zero bubble: last weight gradients left out");
    evidence.schedule = &schedule_table[SCHEDULE_1F1B];
    expect(NULL);
}
END_TEST

/* ---- what came ---------------------------------------------------------------------------------- */

static const struct {
    struct flow flow;
    const char *name;
} flows[] = {
    {{.kind = FLOW_CHANGED}, "message changed before it was sent"},
    {{.kind = FLOW_THROWN_AWAY}, "received and thrown away"},
    {{.kind = FLOW_OTHER}, "tensor of another micro-batch"},
    {{.kind = FLOW_OTHER, .later_only = true}, "receive buffer reused too early"},
    {{.kind = FLOW_STRANGE}, NULL},
    {{.kind = FLOW_UNFILLED}, "nothing received into the tensor"},
    {{.kind = FLOW_RIGHT}, NULL},
};

START_TEST(what_came_is_named)
{
    begin(RANKS, SCHEDULE_1F1B);
    for (int s = 0; s < RANKS; s++)
        stage[s].wrong = true;
    evidence.flow = flows[_i].flow;
    expect(flows[_i].name);
    /* What the sizes of the gradients say is more exact. */
    for (int s = 0; s < RANKS; s++)
        stage[s].ratio = pow(M, -(RANKS - 1 - s));
    if (flows[_i].flow.kind == FLOW_CHANGED)
        expect("divided at every stage");
}
END_TEST

/* ---- versions ----------------------------------------------------------------------------------- */

static struct version_use use[RANKS * M];
static struct asynchronous_evidence versions;

static int right_version(int s, int i)
{
    return i > RANKS - 1 - s ? i - (RANKS - 1 - s) : 0;
}

static void begin_versions(void)
{
    versions = (struct asynchronous_evidence){.stages = RANKS, .micro_batches = M, .use = use};
    for (int s = 0; s < RANKS; s++)
        for (int i = 0; i < M; i++)
            use[s * M + i].forward = use[s * M + i].backward = right_version(s, i);
}

static void expect_versions(const char *name)
{
    GPtrArray *all = mistakes_that_fit_asynchronous(&versions);
    ck_assert_int_eq(all->len, name != NULL);
    g_ptr_array_unref(all);
    const struct mistake *mistake = mistake_recognise_asynchronous(&versions);
    if (!name) {
        ck_assert_msg(!mistake, "found %s", mistake ? mistake->name : "");
        return;
    }
    ck_assert_msg(mistake != NULL, "%s was not found", name);
    ck_assert_str_eq(mistake->name, name);
    ck_assert_uint_gt(strlen(mistake->explanation), 60);
    ck_assert_uint_gt(strlen(mistake->look), 10);
}

/* Rank 0 of the published order: F4@v1 … B4@v1 and so on. */
START_TEST(right_versions)
{
    static const int rank_0[M] = {0, 0, 0, 0, 1, 2, 3, 4}, rank_3[M] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = 0; i < M; i++) {
        ck_assert_int_eq(asynchronous_version(RANKS, 0, i), rank_0[i]);
        ck_assert_int_eq(asynchronous_version(RANKS, 3, i), rank_3[i]);
    }
    begin_versions();
    expect_versions(NULL);
}
END_TEST

START_TEST(backwards_with_the_newest)
{
    begin_versions();
    for (int s = 0; s < RANKS; s++)
        for (int i = 0; i < M; i++)
            use[s * M + i].backward = i;
    expect_versions("PipeDream: no stashing");
    for (int i = 0; i < M; i++) /* a stage without parameters: they are right in any case */
        use[i].backward = asynchronous_version(RANKS, 0, i);
    expect_versions("PipeDream: no stashing");
    use[1 * M + 5].backward = 4;
    expect_versions(NULL);
    use[1 * M + 5].backward = 5;
    use[1 * M + 5].forward = 5;
    expect_versions(NULL);
}
END_TEST

START_TEST(versions_that_stay)
{
    for (int group = 1; group <= M; group++) {
        begin_versions();
        for (int s = 0; s < RANKS; s++)
            for (int i = 0; i < M; i++)
                use[s * M + i].forward = use[s * M + i].backward = i - i % group;
        expect_versions(group > 1 ? "PipeDream: flushes" : NULL);
        use[0].forward = VERSION_UNKNOWN;
        expect_versions(NULL);
    }
}
END_TEST

/* What the log says of the order excludes what the versions alone would look like. */
START_TEST(steps_that_are_there_are_no_flush)
{
    begin_versions();
    for (int k = 0; k < RANKS * M; k++)
        use[k].forward = use[k].backward = 0;
    expect_versions("PipeDream: flushes");
    versions.facts.step_behind_each = true; /* all forwards come before the first backward */
    expect_versions("PipeDream: flushes");
    ck_assert_ptr_nonnull(
        strstr(mistake_recognise_asynchronous(&versions)->look, "order of forwards"));
    versions.facts.forward_behind_step = true;
    expect_versions("PipeDream: updates the stashed weights");
    versions.facts.step_behind_each = false;
    versions.facts.step_before_each = true;
    expect_versions("PipeDream: optimizer step before the backward");
}
END_TEST

START_TEST(what_was_exchanged)
{
    begin_versions();
    for (int s = 0; s < RANKS; s++)
        for (int i = 0; i < M; i++)
            use[s * M + i].backward = i;
    versions.facts = (struct asynchronous_facts){.step_behind_each = true, .own_memory = true};
    expect_versions("PipeDream: the stash is the stage's own memory");
    versions.facts.own_memory = false;
    expect_versions("PipeDream: no stashing");
    begin_versions();
    versions.facts.own_memory = true; /* as right as with a copy */
    expect_versions(NULL);
}
END_TEST

START_TEST(the_order_of_the_log)
{
    static const bool versioned[RANKS] = {true, true, false, true};
    begin_versions();
    versions.facts.step_before_each = true;
    expect_versions("PipeDream: optimizer step before the backward");
    versions.facts.steps_on_zeros = true;
    expect_versions("PipeDream: optimizer step before the backward");
    versions.facts.step_before_each = false;
    expect_versions("PipeDream: gradients zeroed before the optimizer's step");
    begin_versions();
    versions.loss = (struct loss_facts){M, M, 0, 0};
    expect_versions("loss scaled by 0");
    begin_versions(); /* a stage without parameters has no versions */
    versions.facts = (struct asynchronous_facts){
        .step_behind_each = true, .forward_behind_step = true, .versioned = versioned};
    for (int k = 0; k < RANKS * M; k++)
        if (k / M != 2)
            use[k].forward = use[k].backward = 0;
    expect_versions("PipeDream: updates the stashed weights");
}
END_TEST

START_TEST(numbers_of_other_rules)
{
    static const char *const name[ASYNCHRONOUS_RULES] = {
        [ASYNCHRONOUS_STASH_UPDATED] = "PipeDream: updates the stashed weights",
        [ASYNCHRONOUS_NOT_ZEROED] = "PipeDream: gradients not zeroed between micro-batches",
        [ASYNCHRONOUS_DIVIDED] = "PipeDream: loss divided by the number of micro-batches"};
    for (int rule = 0; rule < ASYNCHRONOUS_RULES; rule++) {
        begin_versions();
        versions.fits[rule] = true;
        expect_versions(name[rule]);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known mistakes of schedules");
    TCase *cases = tcase_create("recognised");
    tcase_add_test(cases, no_cool_down);
    tcase_add_test(cases, no_cool_down_with_few_micro_batches);
    tcase_add_test(cases, no_cool_down_interleaved);
    tcase_add_test(cases, weight_gradients_left_out);
    tcase_add_loop_test(cases, what_came_is_named, 0, G_N_ELEMENTS(flows));
    tcase_add_test(cases, right_versions);
    tcase_add_test(cases, backwards_with_the_newest);
    tcase_add_test(cases, versions_that_stay);
    tcase_add_test(cases, steps_that_are_there_are_no_flush);
    tcase_add_test(cases, what_was_exchanged);
    tcase_add_test(cases, the_order_of_the_log);
    tcase_add_test(cases, numbers_of_other_rules);
    suite_add_tcase(suite, cases);
    return suite;
}
