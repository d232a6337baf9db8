/* The pictures of a chapter; see chapter_pictures.h. */
#include "tests/support/chapter_pictures.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>

static struct {
    const char *assignment;
    const char *const *picture;
    int pictures;
} chapter;

static char folder[64];

static void begin(void)
{
    g_strlcpy(folder, "/tmp/pictures-XXXXXX", sizeof folder);
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
    g_autofree char *command =
        g_strdup_printf("assignments/%s/tools/draw_pictures %s", chapter.assignment, folder);
    int status = -1;
    ck_assert(g_spawn_command_line_sync(command, NULL, NULL, &status, NULL));
    ck_assert_int_eq(status, 0);
}

static void end(void)
{
    for (int i = 0; i < chapter.pictures; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s.svg", folder, chapter.picture[i]);
        ck_assert_int_eq(g_unlink(path), 0);
    }
    ck_assert_int_eq(g_rmdir(folder), 0); /* and nothing else was drawn */
}

START_TEST(the_pictures_in_the_docs_are_what_is_drawn_now)
{
    g_autofree char *path = g_strdup_printf("%s/%s.svg", folder, chapter.picture[_i]);
    g_autofree char *kept = g_strdup_printf("assignments/%s/docs/pictures/%s.svg",
                                            chapter.assignment, chapter.picture[_i]);
    g_autofree char *drawn = NULL, *there = NULL;
    ck_assert(g_file_get_contents(path, &drawn, NULL, NULL));
    ck_assert_msg(g_file_get_contents(kept, &there, NULL, NULL), "no %s", kept);
    ck_assert_msg(g_str_equal(drawn, there), "%s is another picture: make %s-pictures", kept,
                  chapter.assignment);
}
END_TEST

START_TEST(the_chapter_shows_them)
{
    g_autofree char *link = g_strdup_printf("](docs/pictures/%s.svg)", chapter.picture[_i]);
    g_autofree char *path = g_strdup_printf("assignments/%s/HANDOUT.md", chapter.assignment);
    g_autofree char *text = NULL;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(g_strstr_len(text, -1, link));
}
END_TEST

Suite *chapter_pictures_suite(const char *assignment, const char *const *picture, int pictures)
{
    chapter.assignment = assignment;
    chapter.picture = picture;
    chapter.pictures = pictures;
    Suite *suite = suite_create("pictures");
    TCase *cases = tcase_create("pictures of the chapter");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, the_pictures_in_the_docs_are_what_is_drawn_now, 0, pictures);
    tcase_add_loop_test(cases, the_chapter_shows_them, 0, pictures);
    suite_add_tcase(suite, cases);
    return suite;
}
