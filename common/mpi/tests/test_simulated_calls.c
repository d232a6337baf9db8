/*
 * What the simulated machine has in SMPI's place, programs call as MPI_X: SMPI's own MPI_X would not lead
 * to the kit's PMPI_X. And persistent sends are right. Without SimGrid nothing is tested.
 */
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

/* All functions that the library defines, strong or weak. */
static GHashTable *functions_of(const char *library)
{
    GHashTable *functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct test_run run = test_run_command("nm --defined-only --extern-only %s", library);
    g_autoptr(GRegex) line = g_regex_new(" [TW] (\\w+)$", G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    ck_assert_int_eq(run.status, 0);
    for (g_regex_match(line, run.output, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL))
        g_hash_table_add(functions, g_match_info_fetch(match, 1));
    test_run_clear(&run);
    return functions;
}

START_TEST(each_has_both_names)
{
    g_autofree char *library =
        g_build_filename(test_build_folder(), "simulator", "libcommon.a", NULL);
    g_autoptr(GHashTable) functions = functions_of(library);
    g_autoptr(GString) missing = g_string_new(NULL);
    GHashTableIter iterator;
    gpointer function;
    int own = 0;
    g_hash_table_iter_init(&iterator, functions);
    while (g_hash_table_iter_next(&iterator, &function, NULL)) {
        const char *name = function;
        if (!g_str_has_prefix(name, "PMPI_"))
            continue;
        own++;
        if (!g_hash_table_contains(functions, name + 1))
            g_string_append_printf(missing, " %s", name + 1);
    }
    ck_assert_int_ge(own, 50); /* the collectives alone are 44 */
    ck_assert_msg(missing->len == 0, "missing:%s", missing->str);
}
END_TEST

/* Messages of which SMPI copies the data, and others. The same program is right on the real machine. */
START_TEST(persistent_sends_start_again)
{
    static const char *const numbers[] = {"1", "1000", "100000"};
    g_autofree char *program = test_program(true, "common/tests/programs/persistent");
    g_autofree char *real = test_program(false, "common/tests/programs/persistent");
    for (int machine = 0; machine < 3; machine++) {
        static const char *const launch[] = {"simulate", "simulate --synchronous", "launch"};
        struct test_run run =
            test_run_command("tools/%s 4 %s%s %s", launch[machine], machine < 2 ? "computer " : "",
                             machine < 2 ? program : real, numbers[_i]);
        ck_assert_msg(run.status == 0 && strstr(run.output, "all right"), TEST_LONG, run.output);
        test_run_clear(&run);
    }
}
END_TEST

Suite *test_suite(void)
{
    if (!test_has_simulator())
        return test_skip("there is no SimGrid: what stands in SMPI's place is not tested");
    Suite *suite = suite_create("simulated calls");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_has_both_names);
    tcase_add_loop_test(tests, persistent_sends_start_again, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
