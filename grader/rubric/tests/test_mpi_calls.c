/*
 * Every function of the installed mpi.h is in the log, or moves nothing (common/mpi/calls.txt), or is
 * refused when a submission is linked (calls.cfg): exactly one of the three.
 */
#include "grader/rubric/rubric_calls.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <ctype.h>
#include <string.h>

static GHashTable *declared, *logged, *harmless;
static struct rubric *rubric;

static GHashTable *new_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* ---- the three sources ------------------------------------------------------------------------- */

/* All that is called MPI_x( or MPIX_x( in the header, once the compiler has read it. */
static void read_header(void)
{
    static const char headers[] = "#include <mpi.h>\n#if __has_include(<mpi-ext.h>)\n"
                                  "#include <mpi-ext.h>\n#endif\n";
    g_autofree char *folder = test_folder_new();
    g_autofree char *file = g_build_filename(folder, "headers.c", NULL);
    ck_assert(g_file_set_contents(file, headers, -1, NULL));
    struct test_run run = test_run_command("mpicc -E %s", file);
    g_autoptr(GRegex) function = g_regex_new("\\b(MPIX?_[A-Z][a-zA-Z0-9_]*)\\s*\\(", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    ck_assert_msg(run.status == 0, TEST_LONG, run.output);
    for (g_regex_match(function, run.output, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL))
        g_hash_table_add(declared, g_match_info_fetch(match, 1));
    test_run_clear(&run);
    test_folder_free(g_steal_pointer(&folder));
}

/* The wrappers that are linked into every program, but for those that write no record (call_unlogged.c). */
static void read_library(void)
{
    struct test_run run = test_run_command(
        "nm --print-file-name --defined-only --extern-only %s/libcommon.a", test_build_folder());
    ck_assert_int_eq(run.status, 0);
    g_auto(GStrv) lines = g_strsplit(run.output, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        const char *name = strstr(*line, " T MPI");
        if (name != NULL && strstr(*line, "call_unlogged.o:") == NULL)
            g_hash_table_add(logged, g_strdup(name + 3));
    }
    test_run_clear(&run);
}

/* Lines with a blank in front are names, and a name stands there once. */
static void read_table(void)
{
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("common/mpi/calls.txt", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool has_reason = false;
    for (char **line = lines; *line != NULL; line++) {
        if (!isspace((unsigned char)**line)) {
            has_reason = **line != '\0' && **line != '#';
            continue;
        }
        ck_assert_msg(has_reason, "no reason above: %s", *line);
        g_auto(GStrv) names = g_strsplit(g_strstrip(*line), " ", -1);
        for (char **name = names; *name != NULL; name++)
            ck_assert_msg(g_hash_table_add(harmless, g_strdup(*name)), "%s is there twice", *name);
    }
}

static void set_up(void)
{
    g_autoptr(GString) errors = g_string_new(NULL);
    declared = new_set();
    logged = new_set();
    harmless = new_set();
    read_header();
    read_library();
    read_table();
    rubric = rubric_load("assignments/example/rubric.cfg", errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
}

static void tear_down(void)
{
    g_hash_table_destroy(declared);
    g_hash_table_destroy(logged);
    g_hash_table_destroy(harmless);
    rubric_free(rubric);
}

/* ---- what they say ------------------------------------------------------------------------------- */

/* Why a function is refused, a new string; NULL: it is not. */
static char *refusal(const char *function)
{
    char *why;
    if (rubric_calls_look_up(rubric, function, &why) == RUBRIC_CALL_REFUSED)
        return why;
    g_free(why);
    return NULL;
}

START_TEST(every_function_is_of_one_kind)
{
    g_autoptr(GString) wrong = g_string_new(NULL);
    GHashTableIter iterator;
    gpointer function;
    g_hash_table_iter_init(&iterator, declared);
    while (g_hash_table_iter_next(&iterator, &function, NULL)) {
        g_autofree char *why = refusal(function);
        const bool is_logged = g_hash_table_contains(logged, function);
        const bool is_harmless = g_hash_table_contains(harmless, function);
        if (is_logged + is_harmless + (why != NULL) != 1)
            g_string_append_printf(wrong, "%s:%s%s%s%s\n", (char *)function,
                                   is_logged ? " logged" : "", is_harmless ? " harmless" : "",
                                   why ? " refused" : "",
                                   is_logged || is_harmless || why ? "" : " of no kind");
    }
    ck_assert_uint_ge(g_hash_table_size(declared), 400);
    ck_assert_msg(wrong->len == 0, TEST_LONG, wrong->str);
}
END_TEST

/* What the student reads says what to do instead, or that nothing of the kind is needed. */
START_TEST(a_refusal_says_what_to_use)
{
    static const char *const advice[] = {": call ",  ": send ",
                                         ": make ",  ": to show something, print it",
                                         "needs it", "those that the program was started with"};
    GHashTableIter iterator;
    gpointer function;
    int refused = 0;
    g_hash_table_iter_init(&iterator, declared);
    while (g_hash_table_iter_next(&iterator, &function, NULL)) {
        g_autofree char *why = refusal(function);
        bool advises = why == NULL;
        for (size_t i = 0; !advises && i < G_N_ELEMENTS(advice); i++)
            advises = strstr(why, advice[i]) || strstr(why, "; make communicators");
        ck_assert_msg(advises, "%s, %s", (char *)function, why);
        refused += why != NULL;
    }
    ck_assert_int_ge(refused, 80); /* MPI_File_* and MPI_T_* alone are more */
    g_autofree char *large = refusal("MPI_Send_c");
    ck_assert_ptr_nonnull(large);
    ck_assert_ptr_nonnull(strstr(large, "call MPI_Send,"));
}
END_TEST

/* A name that nobody has is a slip of the pen, unless this MPI is too old for it. */
START_TEST(every_name_in_the_tables_is_a_function)
{
    static const char *const since_4[] = {"_init",
                                          "MPI_Psend_",
                                          "MPI_Precv_",
                                          "MPI_Pready",
                                          "MPI_Parrived",
                                          "MPI_Isendrecv",
                                          "MPI_Comm_idup_with_info",
                                          "MPI_Comm_create_from_group",
                                          "MPI_Intercomm_create_from_groups",
                                          "MPI_Group_from_session_pset"};
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents("grader/rubric/calls.cfg", &text, NULL, NULL));
    g_autoptr(GRegex) name = g_regex_new("\"(MPI_[A-Za-z0-9_]+)\"", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(name, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *function = g_match_info_fetch(match, 1);
        bool is_known = g_hash_table_contains(declared, function);
        for (size_t i = 0; i < G_N_ELEMENTS(since_4); i++)
            is_known |= strstr(function, since_4[i]) != NULL;
        ck_assert_msg(is_known, "calls.cfg: %s", function);
    }
    GHashTableIter iterator;
    gpointer function;
    g_hash_table_iter_init(&iterator, harmless);
    while (g_hash_table_iter_next(&iterator, &function, NULL))
        ck_assert_msg(g_hash_table_contains(declared, function) ||
                          g_str_has_prefix(function, "MPIX_"),
                      "calls.txt: %s", (char *)function);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mpi_calls");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_function_is_of_one_kind);
    tcase_add_test(tests, a_refusal_says_what_to_use);
    tcase_add_test(tests, every_name_in_the_tables_is_a_function);
    suite_add_tcase(suite, tests);
    return suite;
}
