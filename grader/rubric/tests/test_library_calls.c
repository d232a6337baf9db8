/*
 * What calls.cfg refuses of the C library has several names there, and is refused by each of them: a name
 * more (__libc_fork, _IO_fopen) is no way around.
 */
#include "grader/rubric/rubric_calls.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static struct rubric *rubric;

static void set_up(void)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    rubric = rubric_load("assignments/example/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
}

static void tear_down(void)
{
    rubric_free(rubric);
}

static bool is_refused(const char *function)
{
    char *why;
    const bool refused = rubric_calls_look_up(rubric, function, &why) == RUBRIC_CALL_REFUSED;
    g_free(why);
    return refused;
}

/* The functions of the C library that is linked: address to the names, of char *. */
static GHashTable *names_at_addresses(void)
{
    struct test_run run =
        test_run_command("nm -D --defined-only \"$(gcc -print-file-name=libc.so.6)\"");
    GHashTable *names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    g_auto(GStrv) lines = g_strsplit(run.output, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) word = g_strsplit(*line, " ", 3); /* address, kind, name@@version */
        if (g_strv_length(word) != 3 || strchr("TWi", word[1][0]) == NULL)
            continue;
        GPtrArray *here = g_hash_table_lookup(names, word[0]);
        if (here == NULL) {
            here = g_ptr_array_new_with_free_func(g_free);
            g_hash_table_insert(names, g_strdup(word[0]), here);
        }
        g_ptr_array_add(here, g_strndup(word[2], strcspn(word[2], "@")));
    }
    test_run_clear(&run);
    return names;
}

START_TEST(each_name_of_a_refused_function_is_refused)
{
    g_autoptr(GHashTable) names = names_at_addresses();
    g_autoptr(GString) wrong = g_string_new(NULL);
    GHashTableIter iterator;
    gpointer value;
    int refused = 0;
    g_hash_table_iter_init(&iterator, names);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const GPtrArray *here = value;
        const char *one = NULL;
        for (guint i = 0; i < here->len && one == NULL; i++)
            one = is_refused(here->pdata[i]) ? here->pdata[i] : NULL;
        refused += one != NULL;
        for (guint i = 0; i < here->len && one != NULL; i++)
            if (!is_refused(here->pdata[i]))
                g_string_append_printf(wrong, "%s is refused, and %s, the same, is not\n", one,
                                       (const char *)here->pdata[i]);
    }
    ck_assert_int_ge(refused, 150);
    ck_assert_msg(wrong->len == 0, TEST_LONG, wrong->str);
}
END_TEST

/* What does the same in another way, and has an address of its own. */
START_TEST(ways_around_are_refused)
{
    static const char *const functions[] = {
        "aio_write",        "lio_listio", "pidfd_send_signal", "wordexp",
        "_IO_proc_open",    "raise",      "fopencookie",       "statx",
        "fts_open",         "__xstat",    "_IO_file_open",     "__read_nocancel",
        "__close_nocancel", "sigsetmask", "open_by_handle_at"};
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        ck_assert_msg(is_refused(functions[i]), "%s is not refused", functions[i]);
}
END_TEST

/* By which the kit itself uses a GPU: kernels that no log shows, and memory that nobody counts. */
START_TEST(the_kits_own_ways_to_a_gpu_are_refused)
{
    static const char *const functions[] = {"device_kernels",  "device_block_new",
                                            "device_copy_out", "device_staging_new",
                                            "staged_choose",   "staged_clear"};
    static const char *const offered[] = {"tensor_get", "tensor_put", "tensor_on_host"};
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        ck_assert_msg(is_refused(functions[i]), "%s is not refused", functions[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(offered); i++)
        ck_assert_msg(!is_refused(offered[i]), "%s is refused", offered[i]);
}
END_TEST

START_TEST(what_only_looks_alike_is_not_refused)
{
    static const char *const functions[] = {"printf", "malloc", "qsort",  "_IO_putc", "memcpy",
                                            "strtol", "sscanf", "getpid", "setjmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        ck_assert_msg(!is_refused(functions[i]), "%s is refused", functions[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("library_calls");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_name_of_a_refused_function_is_refused);
    tcase_add_test(tests, ways_around_are_refused);
    tcase_add_test(tests, the_kits_own_ways_to_a_gpu_are_refused);
    tcase_add_test(tests, what_only_looks_alike_is_not_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
