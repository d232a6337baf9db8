/*
 * Options of a model's name: whole numbers, words and real numbers, and what is said of anything else.
 */
#include "common/training/model_parts.h"
#include "tests/support/test.h"

#include <string.h>

static const char *const norms[] = {"none", "layer", "batch", NULL};

struct options {
    struct model_option option[3];
};

static struct options presets(void)
{
    return (struct options){{WHOLE_OPTION("depth", 4, 12), WORD_OPTION("norm", norms),
                             REAL_OPTION("dropout", 0.25, 0, 1)}};
}

START_TEST(presets_hold_where_nothing_is_given)
{
    char error[MODEL_ERROR_SIZE];
    struct options options = presets();
    ck_assert(model_read_options("", options.option, 3, error));
    ck_assert_int_eq(options.option[0].value, 4);
    ck_assert_int_eq(options.option[1].value, 0);
    ck_assert_double_eq(options.option[2].number, 0.25);
}
END_TEST

START_TEST(each_kind_is_read)
{
    char error[MODEL_ERROR_SIZE];
    struct options options = presets();
    ck_assert(model_read_options("norm=batch,dropout=0.125,depth=12", options.option, 3, error));
    ck_assert_int_eq(options.option[0].value, 12);
    ck_assert_str_eq(norms[options.option[1].value], "batch");
    ck_assert_double_eq(options.option[2].number, 0.125);
    ck_assert(model_read_options("dropout=0,norm=layer", options.option, 3, error));
    ck_assert_str_eq(norms[options.option[1].value], "layer");
    ck_assert_double_eq(options.option[2].number, 0);
    ck_assert_int_eq(options.option[0].value, 12);
}
END_TEST

static const struct {
    const char *text;
    const char *message;
} refused[] = {
    {"norm=group", "'norm=group': norm is none, layer or batch"},
    {"norm=", "'norm=': norm is none, layer or batch"},
    {"norm=batch2", "'norm=batch2': norm is none, layer or batch"},
    {"norm=bat", "'norm=bat': norm is none, layer or batch"},
    {"depth=4,norm=2", "'norm=2': norm is none, layer or batch"},
    {"dropout=1", "'dropout=1': dropout is a number from 0 to less than 1"},
    /* 1 as a float */
    {"dropout=0.999999999", "'dropout=0.999999999': dropout is a number from 0 to less than 1"},
    {"dropout=-0.1", "'dropout=-0.1': dropout is a number from 0 to less than 1"},
    {"dropout=nan", "'dropout=nan': dropout is a number from 0 to less than 1"},
    {"dropout=0x1p-3", "'dropout=0x1p-3': dropout is a number from 0 to less than 1"},
    {"dropout=.", "'dropout=.': dropout is a number from 0 to less than 1"},
    {"dropout=", "'dropout=': dropout is a number from 0 to less than 1"},
    {"dropout=0.1.2", "'dropout=0.1.2': dropout is a number from 0 to less than 1"},
    {"depth=1.5", "'depth=1.5': depth is a whole number from 1 to 12"},
    {"depth=13", "'depth=13': depth is a whole number from 1 to 12"},
    {"depth=000000000000000000000000000000000001",
     "'depth=000000000000000000000000000000000001': depth is a whole number from 1 to 12"},
    {"heads=2", "'heads=2' is no option of this model; it has depth=NUMBER, norm=none|layer|batch, "
                "dropout=NUMBER"},
};

START_TEST(others_are_refused_with_what_may_be)
{
    char error[MODEL_ERROR_SIZE];
    struct options options = presets();
    ck_assert(!model_read_options(refused[_i].text, options.option, 3, error));
    ck_assert_str_eq(error, refused[_i].message);
}
END_TEST

/* However long a text is, the message ends within its room. */
START_TEST(long_texts_are_cut)
{
    char text[2 * MODEL_ERROR_SIZE], error[MODEL_ERROR_SIZE];
    struct options options = presets();
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    ck_assert(!model_read_options(text, options.option, 3, error));
    ck_assert_uint_eq(strlen(error), MODEL_ERROR_SIZE - 1);
    memcpy(text, "norm=", 5);
    ck_assert(!model_read_options(text, options.option, 3, error));
    ck_assert_uint_eq(strlen(error), MODEL_ERROR_SIZE - 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options of models");
    TCase *tests = tcase_create("options of models");
    tcase_add_test(tests, presets_hold_where_nothing_is_given);
    tcase_add_test(tests, each_kind_is_read);
    tcase_add_loop_test(tests, others_are_refused_with_what_may_be, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(tests, long_texts_are_cut);
    suite_add_tcase(suite, tests);
    return suite;
}
