/*
 * Known mistakes: every row of the table is recognised from evidence written by
 * hand, and evidence that only looks like it is not.
 */
#include "assignments/pipeline/judges/mistakes.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STAGES 3
#define M      4

static struct mistake_stage stage[STAGES];
static struct mistake_evidence evidence;
static struct coefficients matrix;
static double values[M * M];
static int outputs[M];

static double identity(int i, int j)
{
    return i == j;
}

static void set_matrix(double (*value)(int, int))
{
    for (int i = 0; i < M; i++)
        for (int j = 0; j < M; j++)
            values[i * M + j] = value(i, j);
}

/* Wrong gradients of which nothing else is known. */
static void begin(void)
{
    matrix = (struct coefficients){.micro_batches = M, .value = values, .unique = true};
    set_matrix(identity);
    for (int s = 0; s < STAGES; s++)
        stage[s] = (struct mistake_stage){
            .has_parameters = true,
            .wrong = true,
            .finite = true,
            .ratio = NAN,
            .facts = {.backwards = M, .optimizer_steps = 1, .zeroed_before = 1},
            .early_forward = MISTAKE_UNKNOWN,
            .early_backward = MISTAKE_UNKNOWN,
            .last_backward = M - 1};
    evidence = (struct mistake_evidence){.stages = STAGES, .micro_batches = M, .stage = stage};
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
    ck_assert_uint_gt(strlen(mistake->explanation), 60);
    ck_assert_uint_gt(strlen(mistake->look), 10);
}

START_TEST(nothing_known_names_nothing)
{
    expect(NULL);
    for (int s = 0; s < STAGES; s++)
        stage[s].coefficients = &matrix; /* the identity: all is in it once */
    expect(NULL);
}
END_TEST

/* ---- ratios ------------------------------------------------------------------------------------ */

static void set_ratios(double a, double b, double c)
{
    stage[0].ratio = a;
    stage[1].ratio = b;
    stage[2].ratio = c;
}

START_TEST(ratios)
{
    set_ratios(M, M, M);
    expect("loss not divided by the number of micro-batches");
    set_ratios(1.0 / M, 1.0 / M, 1.0 / M);
    expect("loss divided twice");
    set_ratios(1.0 / (M * M), 1.0 / M, 1);
    stage[2].wrong = false;
    expect("divided at every stage");
}
END_TEST

START_TEST(other_ratios_are_unknown)
{
    set_ratios(M, M, NAN);
    expect(NULL);
    set_ratios(M, M, 1);
    expect(NULL);
    set_ratios(2, 2, 2);
    expect(NULL);
    set_ratios(M * 1.01, M * 1.01, M * 1.01);
    expect(NULL);
    set_ratios(1, 1.0 / M, 1.0 / (M * M)); /* the wrong way round */
    expect(NULL);
    set_ratios(1, 1, 1); /* nothing to divide by */
    evidence.micro_batches = 1;
    expect(NULL);
}
END_TEST

START_TEST(stages_without_parameters_say_nothing)
{
    set_ratios(M, NAN, M);
    stage[1].has_parameters = false;
    expect("loss not divided by the number of micro-batches");
}
END_TEST

/* ---- coefficients ------------------------------------------------------------------------------ */

static double last_only(int i, int j)
{
    return i == j && i == M - 1;
}

static double first_only(int i, int j)
{
    return i == j && i == 0;
}

static double all_but_last(int i, int j)
{
    return i == j && i < M - 1;
}

static double all_but_first(int i, int j)
{
    return i == j && i > 0;
}

static double antidiagonal(int i, int j)
{
    return i + j == M - 1;
}

static double shifted(int i, int j)
{
    return j == (i + 1) % M;
}

static double two_in_a_column(int i, int j)
{
    return j == (i < 2 ? 0 : i);
}

static double halves(int i, int j)
{
    return i == j ? 0.5 : 0;
}

static const struct {
    double (*value)(int, int);
    int last_backward;
    const char *name;
} matrices[] = {
    {last_only, M - 1, "gradient overwritten, not accumulated"},
    {first_only, 0, "gradient overwritten, not accumulated"},
    {last_only, MISTAKE_UNKNOWN, "gradient overwritten, not accumulated"},
    {first_only, M - 1, NULL},
    {all_but_last, M - 2, "last micro-batch dropped"},
    {all_but_first, M - 1, NULL},
    {antidiagonal, 0, "forward order and backward order disagree"},
    {shifted, M - 1, "forward order and backward order disagree"},
    {two_in_a_column, M - 1, NULL},
    {halves, M - 1, NULL},
};

START_TEST(coefficients)
{
    set_matrix(matrices[_i].value);
    stage[1].coefficients = &matrix;
    stage[1].last_backward = matrices[_i].last_backward;
    if (matrices[_i].value == all_but_last)
        stage[1].facts.backwards = M - 1;
    stage[2].wrong = false;
    expect(matrices[_i].name);
    /* Rounding does not hide it … */
    for (int k = 0; k < M * M; k++)
        values[k] += 1e-3 * ((k % 3) - 1);
    expect(matrices[_i].name);
    /* … but what the products do not explain, or explain in two ways, says nothing. */
    matrix.left = 0.2;
    expect(NULL);
    matrix.left = 0;
    matrix.unique = false;
    expect(NULL);
}
END_TEST

START_TEST(the_last_wrong_stage_tells)
{
    static double last_values[M * M];
    struct coefficients last = {.micro_batches = M, .value = last_values, .unique = true};
    for (int i = 0; i < M; i++)
        last_values[i * M + i] = i < M - 1;
    stage[2].facts.backwards = M - 1;
    set_matrix(antidiagonal);
    stage[1].coefficients = &matrix;
    stage[2].coefficients = &last;
    expect("last micro-batch dropped");
}
END_TEST

START_TEST(a_diagonal_is_no_permutation)
{
    set_matrix(antidiagonal);
    matrix.diagonal = true;
    stage[2].coefficients = &matrix;
    expect(NULL);
}
END_TEST

/* ---- sums, events, messages -------------------------------------------------------------------- */

START_TEST(sums_of_steps)
{
    for (int s = 0; s < STAGES; s++) {
        stage[s].sum_of_steps = true;
        stage[s].facts.zeroed_before = 0;
    }
    expect("gradients not zeroed between steps");
    stage[1].sum_of_steps = false; /* wrong for another reason */
    expect(NULL);
    stage[1].wrong = false; /* right: it alone has zeroed */
    expect("gradients not zeroed between steps");
    for (int i = 0; i < STAGES; i++) /* outputs are wrong; 0 is the sum of nothing but zeros */
        stage[i] = (struct mistake_stage){
            .sum_of_steps = i == 0,
            .has_parameters = i > 0,
            .finite = true,
            .ratio = i > 0 ? 1 : NAN,
            .facts = {.backwards = M, .optimizer_steps = 1, .zeroed_before = 1},
            .early_forward = MISTAKE_UNKNOWN,
            .early_backward = MISTAKE_UNKNOWN,
            .last_backward = M - 1};
    expect(NULL);
}
END_TEST

/* Of all stages: so many steps of the optimizer, so many backwards behind the first of them. */
static void set_steps(int steps, int behind)
{
    for (int s = 0; s < STAGES; s++) {
        stage[s].facts.optimizer_steps = steps;
        stage[s].facts.behind_optimizer = behind;
    }
}

START_TEST(optimizer_steps)
{
    set_steps(M, M - 1);
    expect("optimizer step per micro-batch");
    set_steps(M, 0); /* all of them at the end: no gradient knows of it */
    expect(NULL);
    set_steps(2, 1);
    expect("optimizer steps within the step");
    set_steps(1, 1);
    expect("optimizer step too early");
    set_steps(0, 0);
    expect(NULL);
}
END_TEST

START_TEST(messages)
{
    stage[1].early_forward = 0;
    expect("receive not waited for");
    evidence.flow = (struct flow){.kind = FLOW_UNFILLED}; /* that is what it finds */
    expect("receive not waited for");
    evidence.flow = (struct flow){.kind = FLOW_RIGHT};
    stage[1].early_forward = MISTAKE_UNKNOWN;
    stage[0].early_backward = 2;
    expect("receive not waited for");
    stage[0].early_backward = MISTAKE_UNKNOWN;
    evidence.sent_changed = true;
    expect("send buffer reused too early");
    evidence.flow = (struct flow){.kind = FLOW_CHANGED};
    expect("send buffer reused too early");
    evidence.flow = (struct flow){.kind = FLOW_OTHER, .later_only = true};
    expect("send buffer reused too early");
    evidence.sent_changed = false;
    evidence.flow = (struct flow){.kind = FLOW_RIGHT};
    evidence.received_over = true;
    expect("receive buffer reused too early");
    evidence.received_over = false;
    evidence.shared_buffer = true;
    expect("one buffer for several sends");
}
END_TEST

/* There is no later micro-batch than the only one. */
START_TEST(one_micro_batch_has_no_later_one)
{
    evidence.micro_batches = 1;
    evidence.sent_changed = true;
    expect("send buffer reused too early");
    ck_assert_ptr_null(strstr(mistake_recognise(&evidence)->explanation, "later"));
    evidence.sent_changed = false;
    evidence.received_over = true;
    expect(NULL);
}
END_TEST

static const struct {
    int from[M];
    const char *name;
} carried[] = {
    {{1, 2, 3, 3}, "receive buffer reused too early"},
    {{3, 3, 3, 3}, "receive buffer reused too early"},
    {{0, 2, 2, 3}, "receive buffer reused too early"},
    {{0, 1, 2, 3}, NULL},
    {{0, 0, 1, 2}, NULL}, /* former ones: not this mistake */
    {{3, 2, 1, 0}, NULL},
    {{MISTAKE_UNKNOWN, MISTAKE_UNKNOWN, MISTAKE_UNKNOWN, MISTAKE_UNKNOWN}, NULL},
};

START_TEST(outputs_of_other_micro_batches)
{
    memcpy(outputs, carried[_i].from, sizeof(outputs));
    evidence.output_of = outputs;
    expect(carried[_i].name);
}
END_TEST

/* Where the tensors could be followed, outputs that are another's have another cause. */
START_TEST(inputs_and_loss_of_other_micro_batches)
{
    static const int identity_of[M] = {0, 1, 2, 3}, next[M] = {1, 2, 3, 3};
    memcpy(outputs, next, sizeof outputs);
    evidence.output_of = outputs;
    evidence.flow.followed = (STAGES - 1) * M;
    evidence.input_of = next;
    expect("inputs of another micro-batch");
    evidence.input_of = identity_of;
    expect("loss of another micro-batch");
    evidence.flow.followed = 0; /* nobody knows what came in between */
    expect(NULL);
    memcpy(outputs, identity_of, sizeof outputs);
    evidence.input_of = next; /* numbered otherwise, and the loss means the same */
    expect(NULL);
}
END_TEST

/* ---- the loss ---------------------------------------------------------------------------------- */

static void set_scale(double scale)
{
    evidence.loss = (struct loss_facts){M, M, scale, scale};
}

START_TEST(scale_of_0)
{
    set_scale(0);
    for (int s = 0; s < STAGES; s++)
        stage[s].all_zero = true;
    expect("loss scaled by 0");
    stage[2].all_zero = false;
    expect(NULL);
    stage[2].all_zero = true;
    set_scale(1.0 / M);
    expect(NULL);
}
END_TEST

START_TEST(scale_of_another_number)
{
    set_scale(1.0 / 12); /* a third of what it should be */
    for (int s = 0; s < STAGES; s++) {
        stage[s].wrong = true;
        stage[s].ratio = 1.0 / 3;
    }
    expect("loss scaled by another number than 1/m");
    stage[1].ratio = 0.5; /* not by that alone */
    expect(NULL);
    stage[1].ratio = 1.0 / 3;
    set_scale(1.0 / M); /* not by that at all */
    expect(NULL);
}
END_TEST

/* What the log has as scale excludes the names that say something else of it. */
START_TEST(the_scale_excludes)
{
    set_ratios(M, M, M);
    set_scale(1);
    expect("loss not divided by the number of micro-batches");
    set_scale((double)(1.0f / M));
    expect(NULL);
    set_ratios(1.0 / M, 1.0 / M, 1.0 / M);
    expect("loss divided twice");
    set_scale(1.0 / (M * M));
    expect("loss divided twice");
    set_scale(1);
    expect(NULL);
    set_ratios(1.0 / (M * M), 1.0 / M, 1);
    expect(NULL);
    set_scale(1.0 / M);
    expect("divided at every stage");
}
END_TEST

START_TEST(no_gradient_of_the_loss)
{
    evidence.loss = (struct loss_facts){M, 0, NAN, NAN};
    expect("no gradient of the loss");
    evidence.flow = (struct flow){.kind = FLOW_CHANGED};
    expect("no gradient of the loss");
    evidence.flow = (struct flow){.kind = FLOW_RIGHT};
    evidence.loss.gradients = 1;
    expect(NULL);
    evidence.loss.gradients = 0;
    stage[STAGES - 1].coefficients = &matrix; /* it has computed it by itself */
    expect(NULL);
    stage[STAGES - 1].coefficients = NULL;
    stage[STAGES - 1].facts.backwards = 0; /* which nobody needs then */
    expect(NULL);
}
END_TEST

/* ---- gradients to zero --------------------------------------------------------------------------- */

static double last_two(int i, int j)
{
    return i == j && i >= M - 2;
}

START_TEST(zeroed_between)
{
    static const bool wiped[M] = {true, true, false, false}, others[M] = {true, false, true, false};
    set_matrix(last_two);
    for (int s = 0; s < STAGES; s++) {
        stage[s].coefficients = &matrix;
        stage[s].facts.zeroed_between = 1;
        stage[s].wiped = wiped;
    }
    expect("gradients zeroed between micro-batches");
    stage[1].wiped = others; /* what is missing is not what was wiped */
    expect(NULL);
    stage[1].wrong = false;
    expect("gradients zeroed between micro-batches");
    for (int s = 0; s < STAGES; s++)
        stage[s].facts.zeroed_between = 0;
    expect(NULL);
}
END_TEST

START_TEST(zeroed_at_the_end)
{
    for (int s = 0; s < STAGES; s++) {
        stage[s].all_zero = true;
        stage[s].facts.zeroed_last = 1;
    }
    expect("gradients zeroed behind the backwards");
    stage[2].facts.zeroed_last = 0; /* zeros by themselves */
    expect(NULL);
    stage[2].facts.zeroed_last = 1;
    stage[2].all_zero = stage[2].wrong = false;
    expect("gradients zeroed behind the backwards");
}
END_TEST

/* ---- exclusions ---------------------------------------------------------------------------------- */

START_TEST(rounding_is_better_than_changed)
{
    evidence.rounding = "rounded to bfloat16";
    evidence.flow = (struct flow){.kind = FLOW_CHANGED};
    expect("tensor rounded on its way");
    evidence.flow.kind = FLOW_THROWN_AWAY;
    expect("tensor rounded on its way");
}
END_TEST

START_TEST(what_ran_was_not_left_out)
{
    stage[0].wrong = stage[1].wrong = false;
    stage[2].coefficients = &matrix;
    set_matrix(all_but_last);
    expect(NULL); /* its backward ran */
    stage[2].facts.backwards = M - 1;
    expect("last micro-batch dropped");
    set_matrix(last_only);
    stage[2].facts.backwards = M;
    expect("gradient overwritten, not accumulated");
    stage[2].facts.backwards = 1; /* nothing that could have been overwritten */
    expect(NULL);
}
END_TEST

START_TEST(zeroed_gradients_are_no_sum_of_steps)
{
    for (int s = 0; s < STAGES; s++) {
        stage[s].sum_of_steps = true;
        stage[s].facts.zeroed_before = 1;
    }
    expect(NULL);
}
END_TEST

START_TEST(zeros)
{
    stage[0].all_zero = stage[1].all_zero = true;
    expect("input gradient never sent");
    stage[1].all_zero = false;
    expect("input gradient never sent");
    stage[1].all_zero = stage[2].all_zero = true; /* all of them: nobody went backward */
    expect(NULL);
    stage[0].all_zero = stage[1].all_zero = false; /* only the last */
    expect(NULL);
    stage[2].all_zero = false;
    stage[1].all_zero = true; /* only one in the middle */
    expect(NULL);
    stage[0].has_parameters = false; /* which is the first that has any */
    expect("input gradient never sent");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("known mistakes");
    TCase *cases = tcase_create("recognised");
    tcase_add_checked_fixture(cases, begin, NULL);
    tcase_add_test(cases, nothing_known_names_nothing);
    tcase_add_test(cases, ratios);
    tcase_add_test(cases, other_ratios_are_unknown);
    tcase_add_test(cases, stages_without_parameters_say_nothing);
    tcase_add_loop_test(cases, coefficients, 0, G_N_ELEMENTS(matrices));
    tcase_add_test(cases, the_last_wrong_stage_tells);
    tcase_add_test(cases, a_diagonal_is_no_permutation);
    tcase_add_test(cases, sums_of_steps);
    tcase_add_test(cases, optimizer_steps);
    tcase_add_test(cases, messages);
    tcase_add_loop_test(cases, outputs_of_other_micro_batches, 0, G_N_ELEMENTS(carried));
    tcase_add_test(cases, zeros);
    tcase_add_test(cases, one_micro_batch_has_no_later_one);
    tcase_add_test(cases, inputs_and_loss_of_other_micro_batches);
    tcase_add_test(cases, scale_of_0);
    tcase_add_test(cases, scale_of_another_number);
    tcase_add_test(cases, the_scale_excludes);
    tcase_add_test(cases, no_gradient_of_the_loss);
    tcase_add_test(cases, zeroed_between);
    tcase_add_test(cases, zeroed_at_the_end);
    tcase_add_test(cases, rounding_is_better_than_changed);
    tcase_add_test(cases, what_ran_was_not_left_out);
    tcase_add_test(cases, zeroed_gradients_are_no_sum_of_steps);
    suite_add_tcase(suite, cases);
    return suite;
}
