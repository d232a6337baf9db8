/* Names in a folder of submissions, as the courses' systems write them, and IDs. */
#include "class/intake/layout.h"
#include "class/students/student.h"
#include "tests/support/test.h"

#include <string.h>

static const struct {
    const char *name;
    bool is_folder;
    const char *key, *shown, *id, *file, *time;
    int try_number;
} names[] = {
    {"Ana M\u00fcller_12345_assignsubmission_file_", true, "moodle:12345", "Ana M\u00fcller",
     "12345", NULL, NULL, 0},
    {"Ana M\u00fcller_12345_assignsubmission_file", true, "moodle:12345", "Ana M\u00fcller",
     "12345", NULL, NULL, 0},
    {"Ana_M_12345_assignsubmission_file_my_work.zip", false, "moodle:12345", "Ana_M", "12345",
     "my_work.zip", NULL, 0},
    {"Participant_77_assignsubmission_file_", true, "moodle:77", "Participant", "77", NULL, NULL,
     0},
    {"Ana_12345_assignsubmission_onlinetext_", true, "moodle:12345", "Ana", "12345", NULL, NULL, 0},
    {"smithbob_340934_208490284_work.zip", false, "canvas:340934", "smithbob", "340934", "work.zip",
     NULL, 0},
    {"smithbob_LATE_340934_208490284_work-2.zip", false, "canvas:340934", "smithbob", "340934",
     "work.zip", NULL, 2},
    {"smithbob_late_340934_208490284_average-1.c", false, "canvas:340934", "smithbob", "340934",
     "average.c", NULL, 1},
    {"smithbob_340934_208490284_work-12.tar.gz", false, "canvas:340934", "smithbob", "340934",
     "work.tar.gz", NULL, 12},
    {"m\u00fcllerana_1_2_a_b_3_4.zip", false, "canvas:1", "m\u00fcllerana", "1", "a_b_3_4.zip",
     NULL, 0},
    {"anon_x7Yz9_208490284_work.zip", false, "canvas:x7Yz9", "anon", "x7Yz9", "work.zip", NULL, 0},
    {"alice.zip", false, "name:alice", "alice", "alice", NULL, NULL, 0},
    {"alice.tar.gz", false, "name:alice", "alice", "alice", NULL, NULL, 0},
    {"alice", true, "name:alice", "alice", "alice", NULL, NULL, 0},
    {"alice.smith", true, "name:alice.smith", "alice.smith", "alice.smith", NULL, NULL, 0},
    {"alice (1).zip", false, "name:alice", "alice", "alice", NULL, NULL, 1},
    {"alice(12).zip", false, "name:alice", "alice", "alice", NULL, NULL, 12},
    {"alice_attempt-2.zip", false, "name:alice", "alice", "alice", NULL, NULL, 2},
    {"alice-resubmission3.zip", false, "name:alice", "alice", "alice", NULL, NULL, 3},
    {"group-2.zip", false, "name:group-2", "group-2", "group-2", NULL, NULL, 0},
    {"alice_2026-11-20_21-03.zip", false, "name:alice", "alice", "alice", NULL,
     "2026-11-20T21:03:00", 0},
    {"alice-20261120T210305Z.zip", false, "name:alice", "alice", "alice", NULL,
     "2026-11-20T21:03:05Z", 0},
    {"alice 2026-11-20 21.03.05.zip", false, "name:alice", "alice", "alice", NULL,
     "2026-11-20T21:03:05", 0},
    {"work-bob", true, "name:bob", "bob", "bob", NULL, NULL, 0},
    {"workbob", true, "name:workbob", "workbob", "workbob", NULL, NULL, 0},
};

START_TEST(names_say_who_and_when)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct intake_label *label = intake_label_of(names[i].name, names[i].is_folder, "work-");
        ck_assert_msg(strcmp(label->key, names[i].key) == 0, "%s: %s", names[i].name, label->key);
        ck_assert_str_eq(label->name, names[i].shown);
        ck_assert_str_eq(label->id, names[i].id);
        ck_assert_msg(g_strcmp0(label->file, names[i].file) == 0, "%s: %s", names[i].name,
                      label->file);
        ck_assert_msg(g_strcmp0(label->time, names[i].time) == 0, "%s: %s", names[i].name,
                      label->time);
        ck_assert_msg(label->try_number == names[i].try_number, "%s: %d", names[i].name,
                      label->try_number);
        ck_assert_int_eq(label->unused, strstr(names[i].name, "onlinetext") != NULL);
        ck_assert_int_eq(label->late,
                         strstr(names[i].name, "_LATE_") || strstr(names[i].name, "_late_"));
        intake_label_free(label);
    }
}
END_TEST

START_TEST(names_that_are_no_text_stay_apart)
{
    struct intake_label *one = intake_label_of("Jos\xe9.zip", false, NULL);
    struct intake_label *other = intake_label_of("Jos\xe8.zip", false, NULL);
    ck_assert_str_ne(one->key, other->key);
    ck_assert(g_utf8_validate(one->name, -1, NULL));
    intake_label_free(one);
    intake_label_free(other);
}
END_TEST

START_TEST(ids_are_plain)
{
    static const struct {
        const char *text, *id;
    } folded[] = {
        {"alice", "alice"},
        {"Jos\u00e9 \u00d1and\u00fa", "Jose-Nandu"},
        {"Stra\u00dfe \u00c6r\u00f8 \u0141\u00f3d\u017a", "Strasse-AEro-Lodz"},
        {"\u5f20\u4f1f", "u5f20u4f1f"},
        {"../../etc/passwd", "etc-passwd"},
        {"-rf", "rf"},
        {".hidden", "hidden"},
        {"", "nameless"},
        {"!!!", "nameless"},
        {"a\nb\tc$(x);'\"", "a-b-c-x"},
        {"=1+1", "1-1"},
        {"a_b.c-d", "a_b.c-d"},
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}};
    for (size_t i = 0; i < G_N_ELEMENTS(folded); i++) {
        g_autofree char *id = intake_fold(folded[i].text);
        ck_assert_str_eq(id, folded[i].id);
        ck_assert(student_is_id(id));
    }
}
END_TEST

START_TEST(tries_and_litter_are_known)
{
    ck_assert_int_eq(intake_try_of("attempt-2"), 2);
    ck_assert_int_eq(intake_try_of("Attempt 10"), 10);
    ck_assert_int_eq(intake_try_of("v3"), 3);
    ck_assert_int_eq(intake_try_of("attempt"), -1);
    ck_assert_int_eq(intake_try_of("vector2"), -1);
    ck_assert(intake_is_litter("__MACOSX") && intake_is_litter(".DS_Store") &&
              intake_is_litter("thumbs.db"));
    ck_assert(!intake_is_litter("alice") && !intake_is_litter("MACOSX"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("layout");
    TCase *tests = tcase_create("layout");
    tcase_add_test(tests, names_say_who_and_when);
    tcase_add_test(tests, names_that_are_no_text_stay_apart);
    tcase_add_test(tests, ids_are_plain);
    tcase_add_test(tests, tries_and_litter_are_known);
    suite_add_tcase(suite, tests);
    return suite;
}
