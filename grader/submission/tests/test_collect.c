/* Collecting submissions: what is copied, what is refused and in which words, seeds. */
#include "grader/submission/collect.h"
#include "grader/submission/seeds.h"
#include "grader/text/text.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder, *submission, *copies;
static struct rubric rubric;

static void write_file(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(submission, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void setup(void)
{
    static struct rubric_file files[] = {
        {.name = "a.c", .begin = 1}, {.name = "b.c"}, {.name = "answers.md"}};
    rubric = (struct rubric){.assignment = "lesson",
                             .uses = g_ptr_array_new(),
                             .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                             .used_files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file))};
    g_array_append_vals(rubric.files, files, G_N_ELEMENTS(files));
    folder = g_dir_make_tmp("collect-XXXXXX", NULL);
    submission = g_build_filename(folder, "alice", NULL);
    copies = g_build_filename(folder, "copies", NULL);
    ck_assert_int_eq(g_mkdir(submission, 0755), 0);
    write_file("a.c", "int a;\n");
    write_file("b.c", "/* todo(\"in a comment\") */\nint b;\n  todo(\"here\");\n");
    write_file("answers.md", "todo(not C)\n");
}

static void teardown(void)
{
    char *words[] = {"rm", "-rf", folder, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_ptr_array_free(rubric.uses, TRUE);
    g_array_free(rubric.files, TRUE);
    g_array_free(rubric.used_files, TRUE);
    g_free(folder);
    g_free(submission);
    g_free(copies);
}

static struct collection *collect_all(void)
{
    GString *error = g_string_new(NULL);
    struct collection *collection = collection_new(submission, &rubric, copies, error);
    ck_assert_msg(collection != NULL, "%s", error->str);
    g_string_free(error, TRUE);
    return collection;
}

/* a.c must be refused, or be missing, with these words. */
static void expect_a(enum collected_state state, const char *words)
{
    struct collection *collection = collect_all();
    const struct collected_file *file = collection_find(collection, "a.c");
    ck_assert_int_eq(file->state, state);
    ck_assert_msg(strstr(file->trouble, words) != NULL, "%s", file->trouble);
    g_autofree char *copy = g_build_filename(copies, "a.c", NULL);
    ck_assert(!g_file_test(copy, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(collection_find(collection, "b.c")->state, COLLECTED);
    collection_free(collection);
}

static char *path_of_a(void)
{
    return g_build_filename(submission, "a.c", NULL);
}

START_TEST(named_files_are_copied)
{
    struct collection *collection = collect_all();
    g_autofree char *copy = g_build_filename(copies, "a.c", NULL);
    g_autofree char *content = NULL;
    ck_assert(g_file_get_contents(copy, &content, NULL, NULL));
    ck_assert_str_eq(content, "int a;\n");
    ck_assert_str_eq(collection->name, "alice");
    ck_assert_uint_eq(collection->ignored->len, 0);
    ck_assert_ptr_null(collection_find(collection, "c.c"));
    collection_free(collection);
}
END_TEST

START_TEST(a_todo_is_found_outside_of_comments)
{
    struct collection *collection = collect_all();
    ck_assert_int_eq(collection_find(collection, "a.c")->todo_line, 0);
    ck_assert_int_eq(collection_find(collection, "b.c")->todo_line, 3);
    ck_assert_int_eq(collection_find(collection, "answers.md")->todo_line, 0);
    collection_free(collection);
}
END_TEST

/* A line that looks like a TODO at every step must not take its length squared. */
START_TEST(a_long_line_takes_no_time)
{
    GString *text = g_string_new("\"");
    while (text->len < TEXT_MOST_BYTES - 100)
        g_string_append(text, "(todo(");
    g_string_append(text, "\n");
    write_file("b.c", text->str);
    g_string_free(text, TRUE);
    gint64 began = g_get_monotonic_time();
    struct collection *collection = collect_all();
    ck_assert_int_eq(collection_find(collection, "b.c")->todo_line, 0);
    ck_assert_int_lt((int)((g_get_monotonic_time() - began) / G_USEC_PER_SEC), 5);
    collection_free(collection);
}
END_TEST

START_TEST(the_assignments_folder_is_taken_if_there_is_one)
{
    g_autofree char *inner = g_build_filename(submission, "lesson", NULL);
    ck_assert_int_eq(g_mkdir(inner, 0755), 0);
    write_file("lesson/a.c", "int inner;\n");
    struct collection *collection = collect_all();
    ck_assert_int_eq(collection_find(collection, "a.c")->state, COLLECTED);
    ck_assert_int_eq(collection_find(collection, "b.c")->state, COLLECTED_MISSING);
    ck_assert_str_eq(collection->name, "alice");
    collection_free(collection);
}
END_TEST

START_TEST(other_things_are_listed_and_left_alone)
{
    write_file("notes.txt", "x");
    write_file("evil\n\033name", "x");
    struct collection *collection = collect_all();
    ck_assert_uint_eq(collection->ignored->len, 2);
    for (guint i = 0; i < 2; i++)
        ck_assert_ptr_null(strchr(collection->ignored->pdata[i], '\033'));
    collection_free(collection);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
    g_autofree char *path = path_of_a();
    g_unlink(path);
    expect_a(COLLECTED_MISSING, "a.c is missing");
}
END_TEST

/* An editor that could not save leaves one. */
START_TEST(an_empty_file_is_named)
{
    write_file("a.c", "");
    expect_a(COLLECTED_REFUSED, "a.c is empty");
    g_free(copies);
    copies = g_build_filename(folder, "other-copies", NULL);
    write_file("a.c", "\xef\xbb\xbf \r\n\t\n");
    expect_a(COLLECTED_REFUSED, "a.c is empty");
    write_file("a.c", "\n;\n");
    g_free(copies);
    copies = g_build_filename(folder, "third-copies", NULL);
    struct collection *collection = collect_all();
    ck_assert_int_eq(collection_find(collection, "a.c")->state, COLLECTED);
    collection_free(collection);
}
END_TEST

START_TEST(a_symbolic_link_is_refused)
{
    g_autofree char *path = path_of_a();
    g_unlink(path);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    expect_a(COLLECTED_REFUSED, "symbolic link");
}
END_TEST

/* A link is no folder: the files beside it are taken, never those behind it. */
START_TEST(a_linked_assignment_folder_is_not_followed)
{
    g_autofree char *behind = g_build_filename(folder, "behind", NULL);
    g_autofree char *file = g_build_filename(behind, "a.c", NULL);
    g_autofree char *inner = g_build_filename(submission, "lesson", NULL);
    ck_assert_int_eq(g_mkdir(behind, 0755), 0);
    ck_assert(g_file_set_contents(file, "int behind;\n", -1, NULL));
    ck_assert_int_eq(symlink(behind, inner), 0);
    struct collection *collection = collect_all();
    g_autofree char *copy = g_build_filename(copies, "a.c", NULL);
    g_autofree char *content = NULL;
    ck_assert(g_file_get_contents(copy, &content, NULL, NULL));
    ck_assert_str_eq(content, "int a;\n");
    collection_free(collection);
}
END_TEST

START_TEST(a_pipe_is_refused_at_once)
{
    g_autofree char *path = path_of_a();
    g_unlink(path);
    ck_assert_int_eq(mkfifo(path, 0644), 0);
    expect_a(COLLECTED_REFUSED, "pipe");
}
END_TEST

START_TEST(a_folder_is_refused)
{
    g_autofree char *path = path_of_a();
    g_unlink(path);
    ck_assert_int_eq(g_mkdir(path, 0755), 0);
    expect_a(COLLECTED_REFUSED, "a folder");
}
END_TEST

/* A link to a file that only others may read, or a disk that is broken, is nothing that a student did. */
START_TEST(a_file_that_can_not_be_read_here_stops_the_grader)
{
    g_autoptr(GString) error = g_string_new(NULL);
    g_autofree char *path = path_of_a();
    ck_assert_int_eq(chmod(path, 0), 0);
    const uid_t user = geteuid();
    if (user == 0) { /* who may read everything */
        ck_assert_int_eq(chmod(folder, 0777), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_ptr_null(collection_new(submission, &rubric, copies, error));
    ck_assert_int_eq(seteuid(user), 0);
    ck_assert_msg(strstr(error->str, "alice/a.c can't be read: Permission denied") != NULL, "%s",
                  error->str);
}
END_TEST

START_TEST(a_large_file_is_refused)
{
    g_autofree char *path = path_of_a();
    ck_assert_int_eq(truncate(path, TEXT_MOST_BYTES), 0);
    struct collection *collection = collect_all();
    ck_assert_int_eq(collection_find(collection, "a.c")->state, COLLECTED);
    collection_free(collection);
    char *words[] = {"rm", "-rf", copies, NULL};
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    ck_assert_int_eq(truncate(path, TEXT_MOST_BYTES + 1), 0);
    expect_a(COLLECTED_REFUSED, "larger than 1 MiB");
}
END_TEST

/* By the converters that people have. */
START_TEST(wide_letters_are_named)
{
    static const char *const forms[] = {"UTF-16", "UTF-16LE", "UTF-16BE",
                                        "UTF-32", "UTF-32LE", "UTF-32BE"};
    static const char text[] = "int main(void) { return 0; }\n";
    gsize bytes = 0;
    g_autofree char *path = path_of_a();
    g_autofree char *wide = g_convert(text, -1, forms[_i], "UTF-8", NULL, &bytes, NULL);
    ck_assert(g_file_set_contents(path, wide, (gssize)bytes, NULL));
    expect_a(COLLECTED_REFUSED,
             "a.c is UTF-16 or UTF-32, which no compiler reads: save it as UTF-8");
}
END_TEST

START_TEST(a_submission_that_is_not_there_is_an_error)
{
    GString *error = g_string_new(NULL);
    ck_assert_ptr_null(collection_new("/no/such/folder", &rubric, copies, error));
    ck_assert_ptr_nonnull(strstr(error->str, "/no/such/folder"));
    g_string_free(error, TRUE);
}
END_TEST

START_TEST(seeds_depend_on_submission_secret_check_and_run)
{
    GString *error = g_string_new(NULL);
    struct collection *collection = collect_all();
    struct seeds public, again, secret, fixed, year, next;
    g_autofree char *path = g_build_filename(folder, "secret", NULL);
    ck_assert(g_file_set_contents(path, "a secret", -1, NULL));
    ck_assert(seeds_init(&public, collection, NULL, 0, 0, error));
    ck_assert(seeds_init(&again, collection, NULL, 0, 0, error));
    ck_assert(seeds_init(&secret, collection, path, 0, 0, error));
    ck_assert(seeds_init(&fixed, collection, path, 0, 77, error));
    ck_assert_uint_eq(seeds_draw(&public, "x", 0), seeds_draw(&again, "x", 0));
    ck_assert_uint_ne(seeds_draw(&public, "x", 0), seeds_draw(&public, "x", 1));
    ck_assert_uint_ne(seeds_draw(&public, "x", 0), seeds_draw(&public, "y", 0));
    ck_assert_uint_ne(seeds_draw(&public, "x", 0), seeds_draw(&secret, "x", 0));
    ck_assert_uint_eq(seeds_draw(&fixed, "x", 3), 77);
    ck_assert(seeds_init(&year, collection, path, 2026, 0, error));
    ck_assert(seeds_init(&next, collection, path, 2027, 0, error));
    ck_assert_int_eq(year.secret.year, 2026);
    ck_assert_uint_ne(seeds_draw(&year, "x", 0), seeds_draw(&secret, "x", 0));
    ck_assert_uint_ne(seeds_draw(&year, "x", 0), seeds_draw(&next, "x", 0));
    seeds_clear(&year);
    seeds_clear(&next);
    ck_assert(!seeds_init(&year, collection, NULL, 2026, 0, error)); /* anybody could draw */
    g_autofree char *copy = g_build_filename(copies, "a.c", NULL);
    ck_assert(g_file_set_contents(copy, "int changed;\n", -1, NULL));
    seeds_clear(&again);
    ck_assert(seeds_init(&again, collection, NULL, 0, 0, error));
    ck_assert_uint_ne(seeds_draw(&public, "x", 0), seeds_draw(&again, "x", 0));
    for (int run = 0; run < 100; run++) {
        ck_assert_uint_ge(seeds_draw(&public, "x", run), 1);
        ck_assert_uint_le(seeds_draw(&public, "x", run), 2147483647u);
    }
    ck_assert(g_file_set_contents(path, "", 0, NULL));
    struct seeds none;
    ck_assert(!seeds_init(&none, collection, path, 0, 0, error));
    ck_assert(!seeds_init(&none, collection, "/no/such/secret", 0, 0, error));
    ck_assert(!seeds_init(&none, collection, "/no/such/secret", 2026, 0, error));
    seeds_clear(&public);
    seeds_clear(&again);
    seeds_clear(&secret);
    seeds_clear(&fixed);
    collection_free(collection);
    g_string_free(error, TRUE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("collect");
    TCase *tests = tcase_create("collect");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, named_files_are_copied);
    tcase_add_test(tests, a_todo_is_found_outside_of_comments);
    tcase_add_test(tests, a_long_line_takes_no_time);
    tcase_add_test(tests, the_assignments_folder_is_taken_if_there_is_one);
    tcase_add_test(tests, other_things_are_listed_and_left_alone);
    tcase_add_test(tests, a_missing_file_is_named);
    tcase_add_test(tests, an_empty_file_is_named);
    tcase_add_test(tests, a_symbolic_link_is_refused);
    tcase_add_test(tests, a_linked_assignment_folder_is_not_followed);
    tcase_add_test(tests, a_pipe_is_refused_at_once);
    tcase_add_test(tests, a_folder_is_refused);
    tcase_add_test(tests, a_file_that_can_not_be_read_here_stops_the_grader);
    tcase_add_loop_test(tests, wide_letters_are_named, 0, 6);
    tcase_add_test(tests, a_large_file_is_refused);
    tcase_add_test(tests, a_submission_that_is_not_there_is_an_error);
    tcase_add_test(tests, seeds_depend_on_submission_secret_check_and_run);
    suite_add_tcase(suite, tests);
    return suite;
}
