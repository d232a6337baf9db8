/* What is handed in; see lesson.h. */
#include "tests/support/lesson.h"

#include <check.h>
#include <glib/gstdio.h>

char *lesson_submission, *lesson_folder;
struct rubric lesson_rubric;
GString *lesson_problems;

const char lesson_answers[] = "# My answers\n\nHello.\n\n## Q1\n\nThe same seed.\n\n"
                              "### A heading of my own\n\n```c\n# Q9 is no heading here\n```\n"
                              "## How it works\n\nWell.\n";

void lesson_write(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(lesson_folder, name, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void add_file(const char *name, const char *question)
{
    const struct rubric_file file = {.name = g_strdup(name), .question = g_strdup(question)};
    g_array_append_val(lesson_rubric.files, file);
}

void lesson_begin(void)
{
    lesson_submission = g_dir_make_tmp("test-handin-XXXXXX", NULL);
    ck_assert_ptr_nonnull(lesson_submission);
    lesson_folder = g_build_filename(lesson_submission, "lesson", NULL);
    ck_assert_int_eq(g_mkdir(lesson_folder, 0755), 0);
    lesson_problems = g_string_new(NULL);
    lesson_rubric =
        (struct rubric){.assignment = "lesson",
                        .uses = g_ptr_array_new(),
                        .used_files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                        .files = g_array_new(FALSE, TRUE, sizeof(struct rubric_file)),
                        .checks = g_array_new(FALSE, TRUE, sizeof(struct rubric_check))};
    add_file("distribute.c", "Q2");
    add_file("compare.c", "Q3, Q4");
    add_file("reduce.c", NULL);
    add_file("answers.md", NULL);
    const struct rubric_check by_person[] = {{.name = "works", .heading = "How it works"},
                                             {.name = "tested", .heading = "How it was tested"}};
    g_array_append_vals(lesson_rubric.checks, by_person, G_N_ELEMENTS(by_person));
    lesson_write("distribute.c", "int a; /* ``` and ```` */\n");
    lesson_write("compare.c", "int b;");
    lesson_write("reduce.c", "int c;\n");
    lesson_write("answers.md", lesson_answers);
}

void lesson_remove(const char *path)
{
    g_autoptr(GDir) open = g_dir_open(path, 0, NULL);
    for (const char *name; open && (name = g_dir_read_name(open));) {
        g_autofree char *inside = g_build_filename(path, name, NULL);
        if (g_unlink(inside) != 0)
            lesson_remove(inside);
    }
    g_rmdir(path);
}

void lesson_end(void)
{
    lesson_remove(lesson_submission);
}

void lesson_use_another(void)
{
    static const struct rubric_file used[] = {{.name = "another/a.c"}, {.name = "another/b.c"}};
    g_ptr_array_add(lesson_rubric.uses, "another");
    g_array_append_vals(lesson_rubric.used_files, used, G_N_ELEMENTS(used));
    g_autofree char *folder = g_build_filename(lesson_submission, "another", NULL);
    ck_assert_int_eq(g_mkdir(folder, 0755), 0);
    lesson_write("../another/a.c", "int used;\n");
    lesson_write("../another/notes.c", "int unnamed;\n");
}

struct handed_in *lesson_read(void)
{
    struct handed_in *handed_in =
        handed_in_read(lesson_submission, &lesson_rubric, lesson_problems);
    ck_assert_msg(handed_in != NULL, "%s", lesson_problems->str);
    return handed_in;
}
