/*
 * Tests of the tables of memory: what was moved to the host stands beside what the device holds.
 */
#include "planner/table_parts.h"
#include "tests/support/test.h"

#include <string.h>

enum { MEBIBYTE = 1 << 20 };

static const struct plan_part part = {.note_word = "note", .memory = "\n"};
static struct plan plan = {.part = &part};
static const struct plan_method method = {.name = "a-way", .note = "1"};

/* The table of one method on one rank: 1 MiB of parameters, 2 of activations, and so much on the host. */
static GString *table(double host, bool simulated)
{
    struct rank_use use = {.peak = {[MEMORY_PARAMETER] = MEBIBYTE,
                                    [MEMORY_ACTIVATION] = 2 * MEBIBYTE,
                                    [MEMORY_HOST] = host}};
    struct rank_use found = use;
    found.peak[MEMORY_WORKSPACE] = MEBIBYTE;
    struct formula formula = {.rank = &use, .ranks = 1};
    struct simulated run = {.rank = &found, .ranks = 1};
    struct row row = {.method = &method, .formula = &formula, .simulated = simulated ? &run : NULL};
    GString *text = g_string_new(NULL);
    plan_append_memory(text, &plan, &row, 1);
    return text;
}

/* The line that begins like that, the last one. */
static char *line_of(const GString *text, const char *begin)
{
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    char *found = NULL;
    for (int i = 0; lines[i]; i++)
        if (g_str_has_prefix(lines[i], begin)) {
            g_free(found);
            found = g_strdup(lines[i]);
        }
    ck_assert_msg(found != NULL, "no line begins with \"%s\" in\n%s", begin, text->str);
    return found;
}

static int cells(const char *line, const char *part_of_it)
{
    int count = 0;
    for (const char *at = line; (at = strstr(at, part_of_it)) != NULL; at += strlen(part_of_it))
        count++;
    return count;
}

START_TEST(the_host_is_not_in_all_memory)
{
    g_autoptr(GString) text = table(64 * MEBIBYTE, _i);
    g_autofree char *rank = line_of(text, "  rank 0");
    ck_assert_int_eq(cells(rank, " 3 MiB"), 1);
    ck_assert_int_eq(cells(rank, " 4 MiB"), _i); /* with the workspace */
    ck_assert_int_eq(cells(rank, "64 MiB"), 0);
    g_autofree char *kinds = line_of(text, "a-way");
    ck_assert_int_eq(cells(kinds, " 64 MiB"), 1 + _i);
    ck_assert_int_eq(cells(text->str, "on the host"), 2);
}
END_TEST

START_TEST(where_nothing_was_moved_there_is_no_column)
{
    g_autoptr(GString) text = table(0, _i);
    ck_assert_ptr_null(strstr(text->str, "host"));
    g_autofree char *kinds = line_of(text, "a-way");
    ck_assert_int_eq(cells(kinds, " 2 MiB"), 1 + _i);
}
END_TEST

/* The names stand above the numbers. */
START_TEST(columns_are_in_line)
{
    g_autoptr(GString) text = table(_i ? 64 * MEBIBYTE : 0, true);
    g_autofree char *kinds = line_of(text, "a-way");
    const char *names = strstr(text->str, "   parameters    gradients    optimizer");
    ck_assert_ptr_nonnull(names);
    while (names > text->str && names[-1] != '\n')
        names--;
    ck_assert_uint_eq(strcspn(names, "|"), strcspn(kinds, "|"));
    ck_assert_uint_eq(strcspn(names, "\n"), strlen(kinds));
    const char *above = names - 1;
    while (above > text->str && above[-1] != '\n')
        above--;
    ck_assert_uint_eq(strcspn(above, "|"), strcspn(kinds, "|"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tables of memory");
    TCase *tests = tcase_create("all");
    tcase_add_loop_test(tests, the_host_is_not_in_all_memory, 0, 2);
    tcase_add_loop_test(tests, where_nothing_was_moved_there_is_no_column, 0, 2);
    tcase_add_loop_test(tests, columns_are_in_line, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
