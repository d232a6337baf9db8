/*
 * What a log states about a training step: orders of backwards, zeroing and steps of the optimizer,
 * written by hand, with what they come to.
 */
#include "assignments/pipeline/judges/step_facts.h"
#include "common/log/log_fields.h"
#include "tests/support/script.h"
#include "tests/support/test.h"

#include <math.h>

#define M 3

static struct script script;

/* "B0 W1 zero step": of stage 1; a word in brackets is of another stage. */
static void write_order(const char *order)
{
    g_auto(GStrv) word = g_strsplit(order, " ", -1);
    for (char **next = word; *next; next++) {
        const char *text = *next;
        int stage = text[0] == '(' ? 2 : 1;
        text += text[0] == '(';
        enum log_operation operation = text[0] == 'F'   ? LOG_FORWARD
                                       : text[0] == 'B' ? LOG_BACKWARD
                                       : text[0] == 'I' ? LOG_BACKWARD_INPUT
                                       : text[0] == 'W' ? LOG_BACKWARD_WEIGHT
                                       : text[0] == 'z' ? LOG_ZERO_GRADIENTS
                                                        : LOG_OPTIMIZER_STEP;
        int micro_batch = g_ascii_isdigit(text[1]) ? text[1] - '0' : -1;
        script_compute(&script, operation, stage, micro_batch, 1);
    }
}

static struct stage_facts facts_of(const char *order, bool *wiped)
{
    script_init(&script, 0, 1);
    script_step(&script, LOG_STEP_BEGIN, 4);
    write_order("zero B0 zero step B1"); /* of another training step */
    script_step(&script, LOG_STEP_END, 4);
    script_step(&script, LOG_STEP_BEGIN, 5);
    write_order(order);
    script_step(&script, LOG_STEP_END, 5);
    script_final(&script);
    EVIDENCE_ARRAY events = evidence_events(&script.log);
    struct stage_facts facts = stage_facts_read(events, 5, 1, M, wiped);
    free(script.log.record);
    return facts;
}

static const struct {
    const char *order;
    struct stage_facts facts;
    bool wiped[M];
} orders[] = {
    {"zero B0 B1 B2 step", {3, 1, 0, 0, -1, 1, 0, 0, 0, 0, 0}, {0}},
    {"B0 step B1 step B2 step", {3, 3, 2, LOG_BACKWARD, 1, 0, 0, 0, 0, 0, 1}, {0}},
    {"step B0 step B1 step B2", {3, 3, 3, LOG_BACKWARD, 0, 0, 0, 0, 0, 0, -1}, {0}},
    {"step B0 B1 step B2 step", {3, 3, 3, LOG_BACKWARD, 0, 0, 0, 0, 0, 0, 0}, {0}},
    {"zero B0 B1 zero B2 step", {3, 1, 0, 0, -1, 1, 1, 0, 0, 0, 0}, {1, 1, 0}},
    {"zero B0 B1 B2 zero step", {3, 1, 0, 0, -1, 1, 0, 1, 0, 1, 0}, {1, 1, 1}},
    {"zero I0 I1 W0 step W1", {2, 1, 1, LOG_BACKWARD_WEIGHT, 1, 1, 0, 0, 0, 0, 0}, {0}},
    {"B0 step zero B1", {2, 1, 1, LOG_BACKWARD, 1, 0, 1, 0, 0, 0, 0}, {1, 0, 0}},
    {"zero B0 (step (zero (B1 B1", {2, 0, 0, 0, -1, 1, 0, 0, 0, 0, 0}, {0}},
    {"F0 B0 step F1 F2 B1 step B2 step", {3, 3, 2, LOG_BACKWARD, 1, 0, 0, 0, 2, 0, 1}, {0}},
    {"zero step", {0, 1, 0, 0, -1, 1, 0, 0, 0, 1, 0}, {0}},
};

START_TEST(orders_are_read)
{
    bool wiped[M] = {false};
    struct stage_facts facts = facts_of(orders[_i].order, wiped), due = orders[_i].facts;
    ck_assert_int_eq(facts.backwards, due.backwards);
    ck_assert_int_eq(facts.optimizer_steps, due.optimizer_steps);
    ck_assert_int_eq(facts.behind_optimizer, due.behind_optimizer);
    ck_assert_int_eq(facts.first_behind, due.first_behind);
    ck_assert_int_eq(facts.first_behind_of, due.first_behind_of);
    ck_assert_int_eq(facts.zeroed_before, due.zeroed_before);
    ck_assert_int_eq(facts.zeroed_between, due.zeroed_between);
    ck_assert_int_eq(facts.zeroed_last, due.zeroed_last);
    ck_assert_int_eq(facts.forwards_behind_optimizer, due.forwards_behind_optimizer);
    ck_assert_int_eq(facts.steps_on_zeros, due.steps_on_zeros);
    ck_assert_int_eq(facts.alternates, due.alternates);
    for (int i = 0; i < M; i++)
        ck_assert_msg(wiped[i] == orders[_i].wiped[i], "micro-batch %d of %s", i, orders[_i].order);
}
END_TEST

START_TEST(scales_are_read)
{
    script_init(&script, 0, 1);
    struct outcome run = {.ranks = 1, .log = &script.log};
    script_step(&script, LOG_STEP_BEGIN, 0);
    script_put(&script, log_record_of_loss(0, 2.5));
    script_put(&script, log_record_of_loss_backward(0, 7));
    script_step(&script, LOG_STEP_END, 0);
    script_step(&script, LOG_STEP_BEGIN, 1);
    script_put(&script, log_record_of_loss(0, 2.5));
    script_put(&script, log_record_of_loss(1, 2.5));
    script_put(&script, log_record_of_loss_backward(1, 0.5));
    script_put(&script, log_record_of_loss_backward(0, 0.25));
    script_step(&script, LOG_STEP_END, 1);
    script_step(&script, LOG_STEP_BEGIN, 2);
    script_step(&script, LOG_STEP_END, 2);
    struct loss_facts facts = loss_facts_read(&run, 1);
    ck_assert_int_eq(facts.losses, 2);
    ck_assert_int_eq(facts.gradients, 2);
    ck_assert_double_eq(facts.least, 0.25);
    ck_assert_double_eq(facts.most, 0.5);
    facts = loss_facts_read(&run, 2);
    ck_assert_int_eq(facts.gradients, 0);
    ck_assert(isnan(facts.least) && isnan(facts.most));
    free(script.log.record);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("facts of a training step");
    TCase *cases = tcase_create("facts");
    tcase_add_loop_test(cases, orders_are_read, 0, G_N_ELEMENTS(orders));
    tcase_add_test(cases, scales_are_read);
    suite_add_tcase(suite, cases);
    return suite;
}
