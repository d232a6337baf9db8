/*
 * What TODOs say, against the rubrics: who writes a file is told of every check that runs what is written there. A
 * check of programs is named in a TODO of a file that it is about.
 */
#include "grader/rubric/rubric.h"
#include "tests/support/test.h"

#include <string.h>

static const char *const assignments[] = {"data", "memory", "tensor"};

static bool has_word(const char *text, const char *word)
{
    g_autofree char *pattern = g_strdup_printf("(?<![A-Za-z0-9_])%s(?![A-Za-z0-9_])", word);
    return g_regex_match_simple(pattern, text, 0, 0);
}

/* What stands in the comments of a skeleton's file that begin with TODO, in one. */
static char *todos_of(const char *assignment, const char *file)
{
    g_autofree char *path = g_build_filename("skeleton", assignment, file, NULL), *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    GString *todos = g_string_new(NULL);
    for (const char *at = text; (at = strstr(at, "/* TODO"));) {
        const char *end = strstr(at, "*/");
        ck_assert_msg(end != NULL, "%s", path);
        g_string_append_len(todos, at, end - at);
        at = end;
    }
    return g_string_free(todos, FALSE);
}

/* "answers.md" and files of other assignments have no TODO here. */
static bool is_own_program(const char *file)
{
    return g_str_has_suffix(file, ".c") && !strchr(file, '/');
}

static bool is_named(const char *assignment, const struct rubric_check *check)
{
    for (int i = 0; i < rubric_check_abouts(check); i++) {
        const char *file = rubric_check_about(check, i);
        g_autofree char *todos = is_own_program(file) ? todos_of(assignment, file) : g_strdup("");
        if (has_word(todos, check->name))
            return true;
    }
    return false;
}

START_TEST(each_check_is_named_where_its_file_is_written)
{
    const char *assignment = assignments[_i];
    g_autofree char *path = g_build_filename("assignments", assignment, "rubric.cfg", NULL);
    g_autoptr(GString) errors = g_string_new(NULL), missing = g_string_new(NULL);
    struct rubric *rubric = rubric_load(path, errors);
    ck_assert_msg(rubric != NULL, "%s", errors->str);
    int programs = 0;
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = &g_array_index(rubric->checks, struct rubric_check, i);
        if (check->runs->len == 0)
            continue;
        programs++;
        if (!is_named(assignment, check))
            g_string_append_printf(missing, "\n%s: no TODO of %s names it", check->name,
                                   rubric_check_about(check, 0));
    }
    ck_assert_int_gt(programs, 15);
    ck_assert_msg(missing->len == 0, "%s:%s", assignment, missing->str);
    rubric_free(rubric);
}
END_TEST

/* Each TODO of a file of its own ends with a check. */
START_TEST(each_todo_says_its_check)
{
    const char *assignment = assignments[_i];
    g_autofree char *folder = g_build_filename("skeleton", assignment, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    ck_assert_ptr_nonnull(dir);
    g_autoptr(GString) missing = g_string_new(NULL);
    int todos = 0;
    for (const char *file; (file = g_dir_read_name(dir));) {
        if (!is_own_program(file))
            continue;
        g_autofree char *text = todos_of(assignment, file);
        g_auto(GStrv) todo = g_strsplit(text, "/* TODO", -1);
        for (int i = 1; todo[i]; i++, todos++)
            if (!strstr(todo[i], "Check: make grade ") || !strstr(todo[i], "CHECK="))
                g_string_append_printf(missing, "\n%s/%s:%.60s", folder, file, todo[i]);
    }
    ck_assert_int_gt(todos, 10);
    ck_assert_msg(missing->len == 0, "no check:%s", missing->str);
}
END_TEST

/* What a solution calls stands in its file's TODOs alone, too. */
START_TEST(todos_name_what_their_files_call)
{
    g_autofree char *command = g_strdup_printf("tools/given --todo %s", assignments[_i]);
    g_autofree char *words = NULL, *errors = NULL;
    int status = -1;
    ck_assert(g_spawn_command_line_sync(command, &words, &errors, &status, NULL));
    ck_assert_msg(status == 0, "%s%s", words, errors);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("what TODOs say of checks");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, each_check_is_named_where_its_file_is_written, 0,
                        (int)G_N_ELEMENTS(assignments));
    tcase_add_loop_test(tests, each_todo_says_its_check, 0, (int)G_N_ELEMENTS(assignments));
    tcase_add_loop_test(tests, todos_name_what_their_files_call, 0, (int)G_N_ELEMENTS(assignments));
    tcase_set_timeout(tests, 60.0);
    suite_add_tcase(suite, tests);
    return suite;
}
