/*
 * Tests of the command line: what is read, what is refused, and whether the
 * message says which option, which value and what it may be.
 */
#include "common/driver/options.h"
#include "common/driver/options_parts.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An assignment with steps and one option of its own. */
static error_t read_colour(int key, char *text, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    if (key != OPTIONS_OWN_KEYS)
        return ARGP_ERR_UNKNOWN;
    return parsing_text(parsing, "--colour", text, (char *)parsing->options->own, 8);
}

static const struct argp_option own_table[] = {{"colour", OPTIONS_OWN_KEYS, "NAME", 0, "any", 2},
                                               {0}};
static const struct argp own_argp = {.options = own_table, .parser = read_colour};

static void own_defaults(struct options *options)
{
    strcpy(options->step, "slow");
    strcpy((char *)options->own, "grey");
}

static int own_micro_batches(const struct options *options)
{
    return strcmp(options->step, "whole") == 0 ? 1 : options->micro_batches;
}

static const struct own_options own = {.step_word = "pace",
                                       .argp = &own_argp,
                                       .defaults = own_defaults,
                                       .micro_batches = own_micro_batches};

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
    return options_read(&options, &own, count, word, error);
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
    ck_assert_str_eq(options.step, "slow");
    ck_assert_str_eq((char *)options.own, "grey");
    ck_assert_str_eq(options.model, "mlp");
    ck_assert_str_eq(options.dataset, "fashion-mnist");
    ck_assert_int_eq(options.loss, LOSS_CROSS_ENTROPY);
    ck_assert_int_eq(options.batch_size, 64);
    ck_assert_int_eq(options.micro_batches, 4);
    ck_assert_int_eq(options.steps, 0);
    ck_assert_int_eq(options.epochs, 1);
    ck_assert_uint_eq(options.seed, 1);
    ck_assert_int_eq(options.optimizer.kind, OPTIMIZER_SGD);
    ck_assert(!options.compare && !options.quiet);
}
END_TEST

START_TEST(all_options)
{
    ck_assert_msg(reads("--pace whole --model vit:depth=2,width=32,heads=2 --data cifar10 "
                        "--loss mean --batch 12 --micro-batches 3 --steps 7 --epochs 2 "
                        "--seed 18446744073709551615 --colour red --evidence /tmp/e --curve c.csv "
                        "--snapshots 0,5,7 --dump-gradients 3 --quiet --probe communicate "
                        "--log-data 4096"),
                  "%s", error);
    ck_assert_str_eq(options.step, "whole");
    ck_assert_str_eq((char *)options.own, "red");
    ck_assert_int_eq(options_micro_batches(&options), 1);
    ck_assert_str_eq(options.model, "vit:depth=2,width=32,heads=2");
    ck_assert_str_eq(options.dataset, "cifar10");
    ck_assert_int_eq(options.loss, LOSS_MEAN);
    ck_assert_int_eq(options.batch_size, 12);
    ck_assert_int_eq(options.micro_batches, 3);
    ck_assert_int_eq(options.steps, 7);
    ck_assert_int_eq(options.epochs, 2);
    ck_assert(options.seed == UINT64_MAX);
    ck_assert(options.quiet);
    ck_assert_str_eq(options.evidence, "/tmp/e");
    ck_assert_str_eq(options.curve, "c.csv");
    ck_assert_int_eq(options.snapshots, 3);
    ck_assert_int_eq(options.snapshot[1], 5);
    ck_assert_int_eq(options.snapshot[2], 7);
    ck_assert_int_eq(options.gradient_dumps, 1);
    ck_assert_int_eq(options.gradient_dump[0], 3);
    ck_assert_str_eq(options.probe, "communicate");
    ck_assert_int_eq(options.log_data, 4096);
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
    ck_assert(reads("--compare"));
    ck_assert(options.compare);
    ck_assert_int_eq(options.steps, 1);
    ck_assert(reads("--compare --steps 4"));
    ck_assert_int_eq(options.steps, 4);
}
END_TEST

/* What an assignment does not have is no option of its program. */
START_TEST(without_steps_there_is_no_such_option)
{
    char *words[] = {"program", "--pace", "slow", NULL};
    ck_assert(!options_read(&options, NULL, 3, words, error));
    ck_assert_msg(strstr(error, "--pace") != NULL, "%s", error);
    ck_assert(options_read(&options, NULL, 1, words, error));
    ck_assert_str_eq(options.step, "");
    ck_assert_int_eq(options_micro_batches(&options), options.micro_batches);
}
END_TEST

START_TEST(messages_of_a_gpu)
{
    ck_assert_msg(reads("--device emulated"), "%s", error);
    ck_assert_int_eq(options.messages, STAGED_BY_ITSELF);
    ck_assert_msg(reads("--messages staged --device cuda"), "%s", error);
    ck_assert_int_eq(options.messages, STAGED_ALWAYS);
    ck_assert_msg(reads("--device cuda --messages direct"), "%s", error);
    ck_assert_int_eq(options.messages, STAGED_NEVER);
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
    must_refuse("--log-data -1 --evidence e", "--log-data -1", "from 0 to");
    must_refuse("--log-data 16777217 --evidence e", "--log-data 16777217", "to 16777216");
    must_refuse("--log-data 40", "--log-data", "--evidence");
    must_refuse("--dump-gradients 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "--dump-gradients",
                "up to 16");
}
END_TEST

START_TEST(names_are_checked)
{
    must_refuse("--loss squared", "--loss squared", "cross-entropy or mean");
    must_refuse("--optimizer adam", "--optimizer adam", "sgd or adamw");
    must_refuse("--optimizer adamw --momentum 0.5", "--momentum", "sgd");
    must_refuse("--model alexnet", "--model alexnet", "mlp");
    must_refuse("--model mlp:depth=0", "--model mlp:depth=0", "depth");
    must_refuse("--data imagenet", "--data imagenet", "fashion-mnist");
    must_refuse("--pace a_name_that_is_far_too_long_to_be_one", "--pace", "31 characters");
    must_refuse("--device cuda --messages fast", "--messages fast", "staged or direct");
    must_refuse("--messages staged", "--messages", "for --device cuda");
    must_refuse("--colour turquoise", "--colour", "7 characters");
}
END_TEST

START_TEST(what_is_no_option_is_named)
{
    must_refuse("--lerning-rate 1", "--lerning-rate",
                "unknown option; did you mean --learning-rate?");
    must_refuse("--stepps=3", "--stepps=3", "unknown option; did you mean --steps?");
    must_refuse("--clour red", "--clour", "did you mean --colour?"); /* the assignment's own */
    must_refuse("--chekpoint 3", "--chekpoint", "did you mean --checkpoint?");
    must_refuse("--teleport", "--teleport", "unknown option; --help lists all");
    must_refuse("--a_name_that_is_far_too_long_to_be_an_option", "--a_name",
                "unknown option; --help");
    must_refuse("-z", "-z", "unknown option; --help lists all");
    must_refuse("--batch", "--batch", "its value is missing");
    must_refuse("--quiet=1", "--quiet=1", "this option has no value");
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
    options_parse(&options, &own, "", 3, words);
}
END_TEST

START_TEST(help_exits_with_status_0)
{
    char *words[] = {"program", "--help", NULL};
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    options_parse(&options, &own, "Paces: slow, whole", 2, words);
}
END_TEST

START_TEST(ranks_may_count_the_other_way)
{
    ck_assert_msg(reads(""), "%s", error);
    for (int process = 0; process < 5; process++)
        ck_assert_int_eq(options_rank_of_process(&options, process, 5), process);
    ck_assert_msg(reads("--reverse-ranks"), "%s", error);
    const int expected[] = {4, 3, 2, 1, 0};
    for (int process = 0; process < 5; process++)
        ck_assert_int_eq(options_rank_of_process(&options, process, 5), expected[process]);
}
END_TEST

START_TEST(only_a_gpu_multiplies_in_tf32)
{
    ck_assert_msg(reads("--device emulated --tf32") && options.tf32, "%s", error);
    ck_assert_msg(reads("--device cuda") && !options.tf32, "%s", error);
    must_refuse("--tf32", "--tf32", "needs --device cuda");
    must_refuse("--device meta --tf32", "--tf32", "needs --device cuda");
}
END_TEST

/* A model and a data set that don't go together are told what would. */
START_TEST(images_and_text)
{
    must_refuse("--data text", "--model mlp", "use --data fashion-mnist, cifar10 or synthetic");
    must_refuse("--model cnn --data synthetic-text:tokens=3", "--model cnn", "(3) and 64");
    must_refuse("--model gpt --data synthetic", "--model gpt", "use --data text or --data synth");
    ck_assert_msg(reads("--model gpt:depth=2,width=8"), "%s", error);
    ck_assert_str_eq(options.dataset, "text");
    ck_assert_msg(reads("--data text:tokens=9 --model gpt"), "%s", error);
    ck_assert_str_eq(options.dataset, "text:tokens=9");
    must_refuse("--model none --data text", "--model none", "there is no model");
    setenv("TEXT_FILE", "/nowhere/text", 1);
    must_refuse("--data text", "--data text", "/nowhere/text: can't be opened");
    unsetenv("TEXT_FILE");
}
END_TEST

START_TEST(memory_is_logged_on_request)
{
    ck_assert(reads("--data synthetic"));
    ck_assert_int_eq(options.log_memory, 0);
    ck_assert(reads("--data synthetic --log-memory --evidence somewhere"));
    ck_assert_int_eq(options.log_memory, OPTIONS_LOG_MEMORY);
    ck_assert(reads("--data synthetic --evidence somewhere --log-memory=50"));
    ck_assert_int_eq(options.log_memory, 50);
    must_refuse("--data synthetic --evidence somewhere --log-memory=0", "--log-memory 0", "from 1");
    must_refuse("--data synthetic --log-memory", "--log-memory", "--evidence");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *read = tcase_create("read");
    tcase_add_test(read, defaults);
    tcase_add_test(read, all_options);
    tcase_add_test(read, messages_of_a_gpu);
    tcase_add_test(read, optimizer_and_learning_rate_in_any_order);
    tcase_add_test(read, compare_takes_one_step);
    tcase_add_test(read, memory_is_logged_on_request);
    tcase_add_test(read, ranks_may_count_the_other_way);
    tcase_add_test(read, without_steps_there_is_no_such_option);
    suite_add_tcase(suite, read);
    TCase *refuse = tcase_create("refuse");
    tcase_add_test(refuse, numbers_are_checked);
    tcase_add_test(refuse, names_are_checked);
    tcase_add_test(refuse, what_is_no_option_is_named);
    tcase_add_test(refuse, the_first_error_counts);
    tcase_add_test(refuse, only_a_gpu_multiplies_in_tf32);
    tcase_add_test(refuse, images_and_text);
    tcase_add_exit_test(refuse, the_program_exits_with_status_2, 2);
    tcase_add_exit_test(refuse, help_exits_with_status_0, 0);
    suite_add_tcase(suite, refuse);
    return suite;
}
