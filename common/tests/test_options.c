/*
 * Tests of the command line: what is read, what is refused, and whether the
 * message says which option, which value and what it may be.
 */
#include "common/options.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct options options;
static char error[OPTIONS_ERROR_SIZE];

/* Splits a line at blanks and reads it. */
static bool reads(const char *line)
{
    static char copy[1024];
    char *word[64] = {"program"};
    int count = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *token = strtok(copy, " "); token != NULL; token = strtok(NULL, " "))
        word[count++] = token;
    return options_read(&options, count, word, error);
}

static void must_refuse(const char *line, const char *first, const char *second)
{
    ck_assert_msg(!reads(line), "\"%s\" was accepted", line);
    ck_assert_msg(strstr(error, first) != NULL, "\"%s\": no \"%s\" in \"%s\"", line, first, error);
    ck_assert_msg(strstr(error, second) != NULL, "\"%s\": no \"%s\" in \"%s\"", line, second,
                  error);
}

START_TEST(defaults)
{
    ck_assert_msg(reads(""), "%s", error);
    ck_assert_str_eq(options.schedule, "");
    ck_assert_str_eq(options.model, "mlp");
    ck_assert_str_eq(options.dataset, "fashion-mnist");
    ck_assert_int_eq(options.loss, LOSS_CROSS_ENTROPY);
    ck_assert_int_eq(options.batch_size, 64);
    ck_assert_int_eq(options.micro_batches, 4);
    ck_assert_int_eq(options.steps, 0);
    ck_assert_int_eq(options.epochs, 1);
    ck_assert_uint_eq(options.seed, 1);
    ck_assert_int_eq(options.optimizer.kind, OPTIMIZER_SGD);
    ck_assert(!options.uneven && !options.compare && !options.quiet);
}
END_TEST

START_TEST(all_options)
{
    ck_assert_msg(reads("--schedule naive --model vit:depth=2,width=32,heads=2 --data cifar10 "
                        "--loss mean --batch 12 --micro-batches 3 --steps 7 --epochs 2 "
                        "--seed 18446744073709551615 --uneven --evidence /tmp/e --curve c.csv "
                        "--snapshots 0,5,7 --dump-gradients 3 --quiet --probe communicate"),
                  "%s", error);
    ck_assert_str_eq(options.schedule, "naive");
    ck_assert_str_eq(options.model, "vit:depth=2,width=32,heads=2");
    ck_assert_str_eq(options.dataset, "cifar10");
    ck_assert_int_eq(options.loss, LOSS_MEAN);
    ck_assert_int_eq(options.batch_size, 12);
    ck_assert_int_eq(options.micro_batches, 3);
    ck_assert_int_eq(options.steps, 7);
    ck_assert_int_eq(options.epochs, 2);
    ck_assert(options.seed == UINT64_MAX);
    ck_assert(options.uneven && options.quiet);
    ck_assert_str_eq(options.evidence, "/tmp/e");
    ck_assert_str_eq(options.curve, "c.csv");
    ck_assert_int_eq(options.snapshots, 3);
    ck_assert_int_eq(options.snapshot[1], 5);
    ck_assert_int_eq(options.snapshot[2], 7);
    ck_assert_int_eq(options.gradient_dumps, 1);
    ck_assert_int_eq(options.gradient_dump[0], 3);
    ck_assert_str_eq(options.probe, "communicate");
}
END_TEST

/* The learning rate stays, whichever of the two options comes first. */
START_TEST(optimizer_and_learning_rate_in_any_order)
{
    ck_assert(reads("--learning-rate 0.25 --optimizer adamw"));
    ck_assert_int_eq(options.optimizer.kind, OPTIMIZER_ADAMW);
    ck_assert(options.optimizer.learning_rate == 0.25);
    ck_assert(reads("--optimizer sgd --learning-rate 0.5 --momentum 0"));
    ck_assert(options.optimizer.learning_rate == 0.5);
    ck_assert(options.optimizer.momentum == 0.0);
    ck_assert(reads("--optimizer adamw"));
    ck_assert(options.optimizer.learning_rate == 1e-3);
}
END_TEST

START_TEST(compare_takes_one_step)
{
    ck_assert(reads("--compare --corrupt gradients:3"));
    ck_assert(options.compare);
    ck_assert_str_eq(options.corrupt, "gradients:3");
    ck_assert_int_eq(options.steps, 1);
    ck_assert(reads("--compare --steps 4"));
    ck_assert_int_eq(options.steps, 4);
}
END_TEST

START_TEST(numbers_are_checked)
{
    must_refuse("--batch 0", "--batch 0", "from 1 to");
    must_refuse("--batch -3", "--batch -3", "from 1 to");
    must_refuse("--batch 12x", "--batch 12x", "whole number");
    must_refuse("--batch 99999999999999999999", "--batch 9999", "from 1 to");
    must_refuse("--micro-batches 0", "--micro-batches 0", "from 1 to");
    must_refuse("--steps 0", "--steps 0", "from 1 to");
    must_refuse("--epochs one", "--epochs one", "whole number");
    must_refuse("--seed -1", "--seed -1", "from 0 to");
    must_refuse("--seed 18446744073709551616", "--seed 18446744073709551616", "from 0 to");
    must_refuse("--learning-rate nan", "--learning-rate nan", "number from");
    must_refuse("--learning-rate -1", "--learning-rate -1", "number from");
    must_refuse("--momentum 1.5", "--momentum 1.5", "from 0 to 1");
    must_refuse("--snapshots 1,,2", "--snapshots 1,,2", "0,100");
    must_refuse("--snapshots -1", "--snapshots -1", "0,100");
    must_refuse("--dump-gradients 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "--dump-gradients",
                "up to 16");
}
END_TEST

START_TEST(names_are_checked)
{
    must_refuse("--loss squared", "--loss squared", "cross-entropy or mean");
    must_refuse("--optimizer adam", "--optimizer adam", "sgd or adamw");
    must_refuse("--optimizer adamw --momentum 0.5", "--momentum", "sgd");
    must_refuse("--model resnet", "--model resnet", "mlp");
    must_refuse("--model mlp:depth=0", "--model mlp:depth=0", "depth");
    must_refuse("--data imagenet", "--data imagenet", "fashion-mnist");
    must_refuse("--compare --corrupt weights", "--corrupt weights", "gradients:LAYER");
    must_refuse("--compare --corrupt gradients:x", "gradients:", "whole number");
    must_refuse("--corrupt outputs", "--corrupt outputs", "--compare");
    must_refuse("--schedule a_name_that_is_far_too_long_to_be_one", "--schedule", "31 characters");
}
END_TEST

START_TEST(what_is_no_option_is_named)
{
    must_refuse("--lerning-rate 1", "--lerning-rate", "unknown");
    must_refuse("--batch", "--batch", "missing");
    must_refuse("training", "training", "options only");
}
END_TEST

/* The judge must survive whatever it reads: no exit, and the first error is the one told. */
START_TEST(the_first_error_counts)
{
    must_refuse("--batch 0 --seed x", "--batch 0", "from 1 to");
    ck_assert(strstr(error, "--seed") == NULL);
    ck_assert(reads("--batch 8"));
    ck_assert_str_eq(error, "");
}
END_TEST

START_TEST(the_program_exits_with_status_2)
{
    char *words[] = {"program", "--batch", "0", NULL};
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
    options_parse(&options, 3, words);
}
END_TEST

START_TEST(help_exits_with_status_0)
{
    char *words[] = {"program", "--help", NULL};
    options_describe("Schedules: one, two");
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    options_parse(&options, 2, words);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *read = tcase_create("read");
    tcase_add_test(read, defaults);
    tcase_add_test(read, all_options);
    tcase_add_test(read, optimizer_and_learning_rate_in_any_order);
    tcase_add_test(read, compare_takes_one_step);
    suite_add_tcase(suite, read);
    TCase *refuse = tcase_create("refuse");
    tcase_add_test(refuse, numbers_are_checked);
    tcase_add_test(refuse, names_are_checked);
    tcase_add_test(refuse, what_is_no_option_is_named);
    tcase_add_test(refuse, the_first_error_counts);
    tcase_add_exit_test(refuse, the_program_exits_with_status_2, 2);
    tcase_add_exit_test(refuse, help_exits_with_status_0, 0);
    suite_add_tcase(suite, refuse);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
