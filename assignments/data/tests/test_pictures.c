/* The chapter's pictures are those that are drawn now, and the chapter shows them all. */
#include "tests/support/test.h"

#include <glib/gstdio.h>

static const char *const pictures[] = {"replicas", "ring", "halving", "overlap", "grid", "cube"};

static char folder[64];

static void begin(void)
{
    g_strlcpy(folder, "/tmp/pictures-XXXXXX", sizeof folder);
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    g_autofree char *command = g_strdup_printf("assignments/data/tools/draw_pictures %s", folder);
    int status = -1;
    ck_assert(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
}

static void end(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s.svg", folder, pictures[i]);
        ck_assert_int_eq(g_unlink(path), 0);
    }
    ck_assert_int_eq(g_rmdir(folder), 0); /* and nothing else was drawn */
}

START_TEST(the_pictures_in_the_docs_are_what_is_drawn_now)
{
    g_autofree char *path = g_strdup_printf("%s/%s.svg", folder, pictures[_i]);
    g_autofree char *kept = g_strdup_printf("assignments/data/docs/pictures/%s.svg", pictures[_i]);
    g_autofree char *drawn = NULL, *there = NULL;
    ck_assert(g_file_get_contents(path, &drawn, NULL, NULL));
    ck_assert_msg(g_file_get_contents(kept, &there, NULL, NULL), "no %s", kept);
    ck_assert_msg(g_str_equal(drawn, there), "%s is another picture: make data-pictures", kept);
}
END_TEST

START_TEST(the_chapter_shows_them)
{
    g_autofree char *link = g_strdup_printf("](docs/pictures/%s.svg)", pictures[_i]);
    g_autofree char *chapter = NULL;
    ck_assert(g_file_get_contents("assignments/data/HANDOUT.md", &chapter, NULL, NULL));
    ck_assert_ptr_nonnull(g_strstr_len(chapter, -1, link));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pictures");
    TCase *cases = tcase_create("pictures of the chapter");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, the_pictures_in_the_docs_are_what_is_drawn_now, 0,
                        G_N_ELEMENTS(pictures));
    tcase_add_loop_test(cases, the_chapter_shows_them, 0, G_N_ELEMENTS(pictures));
    suite_add_tcase(suite, cases);
    return suite;
}
