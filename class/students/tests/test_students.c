/*
 * The folder of a class: what is written is read again, what is cut off or not of its kind is an error that names the
 * file, and what was there before stays where nothing can be written.
 */
#include "class/students/class.h"
#include "class/students/graded.h"
#include "class/students/records.h"
#include "tests/support/test.h"

#include <string.h>
#include <sys/stat.h>

static void put(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL), *above = g_path_get_dirname(path);
    ck_assert_int_eq(g_mkdir_with_parents(above, 0755), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

START_TEST(only_plain_names_are_ids)
{
    static const char *const right[] = {"a", "Z9", "anna.k-2_b", "0", NULL};
    static const char *const wrong[] = {"",    ".",   "..", ".new-a", "-rf", "_",
                                        "a b", "a/b", "ü",  "a\n",    "$x",  NULL};
    for (int i = 0; right[i]; i++)
        ck_assert_msg(student_is_id(right[i]), "%s", right[i]);
    for (int i = 0; wrong[i]; i++)
        ck_assert_msg(!student_is_id(wrong[i]), "%s", wrong[i]);
    g_autofree char *longest = g_strnfill(64, 'x'), *longer = g_strnfill(65, 'x');
    ck_assert(student_is_id(longest));
    ck_assert(!student_is_id(longer));
}
END_TEST

START_TEST(a_student_is_read_as_written)
{
    char *folder = test_folder_new();
    g_autoptr(GString) error = g_string_new(NULL);
    struct student *student = student_new(folder, "anna");
    struct member *member = g_new0(struct member, 1);
    member->id = g_strdup("anna");
    member->name = g_strdup("Anna \"A\" Ünal\033[31m");
    g_ptr_array_add(student->members, member);
    student->source = g_strdup("Ünal.zip");
    student->late_days = 2;
    student->factor = 0.8;
    g_ptr_array_add(student->notes, g_strdup("odd"));
    ck_assert_msg(student_write(student, error), "%s", error->str);
    GPtrArray *all = students_read(folder, error);
    ck_assert_msg(all && all->len == 1, "%s", error->str);
    const struct student *again = all->pdata[0];
    const struct member *found = again->members->pdata[0];
    ck_assert_str_eq(again->id, "anna");
    ck_assert_str_eq(again->source, "Ünal.zip");
    ck_assert_int_eq(again->late_days, 2);
    ck_assert_double_eq(again->factor, 0.8);
    ck_assert_ptr_null(again->refused);
    ck_assert_str_eq(again->notes->pdata[0], "odd");
    ck_assert_ptr_nonnull(strstr(found->name, "Anna \"A\" Ünal"));
    ck_assert_ptr_null(strchr(found->name, '\033'));
    g_ptr_array_unref(all);
    student_free(student);
    test_folder_free(folder);
}
END_TEST

START_TEST(what_can_not_be_used_is_named_and_left_out)
{
    char *folder = test_folder_new();
    g_autoptr(GString) error = g_string_new(NULL);
    put(folder, "students/anna/intake.json", "{\"members\": [{\"id\": \"anna\"}]}");
    put(folder, "students/cut/intake.json", "{\"members\": [{\"id\": \"cu");
    put(folder, "students/nobody/intake.json", "{\"members\": []}");
    put(folder, "students/list/intake.json", "[]");
    put(folder, "students/much/intake.json", "{\"members\": [{\"id\": \"much\"}], \"factor\": 2}");
    put(folder, "students/.new-bert/intake.json", "{\"members\": [{\"id\": \"bert\"}]}");
    put(folder, "students/empty/other", "");
    GPtrArray *all = students_read(folder, error);
    ck_assert(all && all->len == 1);
    ck_assert_str_eq(((struct student *)all->pdata[0])->id, "anna");
    static const char *const named[] = {"cut", "nobody", "list", "much", "empty", NULL};
    for (int i = 0; named[i]; i++)
        ck_assert_msg(strstr(error->str, named[i]) != NULL, "%s: %s", named[i], error->str);
    ck_assert_ptr_null(strstr(error->str, "bert"));
    g_ptr_array_unref(all);
    g_string_truncate(error, 0);
    ck_assert_ptr_null(students_read("/nowhere", error));
    ck_assert_ptr_nonnull(strstr(error->str, "/nowhere is no folder of a class"));
    test_folder_free(folder);
}
END_TEST

START_TEST(a_grade_is_whole_or_an_error)
{
    static const char whole[] = "{\"points\": {\"got\": 0.5, \"judged\": 1, \"all\": 1}, "
                                "\"bonus\": {\"got\": 0, \"judged\": 0, \"all\": 0}, "
                                "\"checks\": [{\"name\": \"a\", \"title\": \"A\", \"visibility\": "
                                "\"visible\", \"state\": \"PASS\", "
                                "\"seen\": \"fine\", \"points\": 0.5, \"max_points\": 1}]}";
    char *folder = test_folder_new();
    g_autoptr(GString) error = g_string_new(NULL);
    struct student *student = student_new(folder, "anna");
    ck_assert_ptr_null(graded_read(student, "example", error));
    ck_assert_str_eq(error->str, "");
    put(student->folder, "example/run.json", "{\"finished\": true, \"exit_status\": 0}");
    put(student->folder, "example/record.json", whole);
    struct graded *graded = graded_read(student, "example", error);
    ck_assert_msg(graded && graded->has_record && graded->finished, "%s", error->str);
    ck_assert_double_eq(graded->got, 0.5);
    ck_assert_str_eq(GRADED_CHECKS(graded, 0)->state, "PASS");
    graded_free(graded);
    for (size_t length = 0; length + 1 < sizeof whole; length += 7) { /* cut off anywhere */
        g_autofree char *cut = g_strndup(whole, length);
        put(student->folder, "example/record.json", cut);
        g_string_truncate(error, 0);
        ck_assert_ptr_null(graded_read(student, "example", error));
        ck_assert_ptr_nonnull(strstr(error->str, "record.json"));
    }
    student_free(student);
    test_folder_free(folder);
}
END_TEST

START_TEST(what_can_not_be_written_leaves_the_old)
{
    char *folder = test_folder_new();
    g_autoptr(GString) error = g_string_new(NULL);
    struct class *class = class_new();
    g_ptr_array_add(class->assignments, g_strdup("example"));
    class->deadline = g_strdup("2026-12-01T22:59:59Z");
    ck_assert_msg(class_write(class, folder, error), "%s", error->str);
    ck_assert(!class_write(class, "/proc/nowhere", error));
    ck_assert_ptr_nonnull(strstr(error->str, "/proc/nowhere/class.json can't be written"));
    struct class *again = class_read(folder, error);
    ck_assert(again != NULL);
    ck_assert_str_eq(again->deadline, class->deadline);
    ck_assert_str_eq(again->assignments->pdata[0], "example");
    class_free(again);
    class_free(class);
    g_string_truncate(error, 0);
    ck_assert_ptr_null(class_read("/nowhere", error));
    ck_assert_ptr_nonnull(strstr(error->str, "make class SUBMISSIONS"));
    test_folder_free(folder);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("students");
    TCase *tests = tcase_create("students");
    tcase_add_test(tests, only_plain_names_are_ids);
    tcase_add_test(tests, a_student_is_read_as_written);
    tcase_add_test(tests, what_can_not_be_used_is_named_and_left_out);
    tcase_add_test(tests, a_grade_is_whole_or_an_error);
    tcase_add_test(tests, what_can_not_be_written_leaves_the_old);
    suite_add_tcase(suite, tests);
    return suite;
}
