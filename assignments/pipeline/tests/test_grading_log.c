/*
 * Submissions of the pipeline that write into the kit's own log: records whose checks are right and whose fields
 * make no sense. The judges say something of them, in time.
 */
#include "tests/support/grading.h"
#include "tests/support/test.h"

#include <glib.h>
#include <string.h>

static void setup(void)
{
    grading_begin("pipeline");
    grading_allow_all_calls();
}

/* In front of the step, on every rank. What a log can't hold (a peer below all constants) is left out: that is
 * damage, which is told as such. */
static const char odd_records[] =
    "#include \"common/log/log.h\"\n"
    "#include <math.h>\n"
    "#include <string.h>\n"
    "static unsigned odd_state;\n"
    "static unsigned odd_random(void)\n"
    "{\n"
    "    return (odd_state = odd_state * 1103515245u + 12345u) >> 8;\n"
    "}\n"
    "static int odd_number(int least)\n"
    "{\n"
    "    static const int odd[] = {0, -1, -2, -3, 1, 2, 3, 65536, INT32_MAX, INT32_MIN};\n"
    "    const int number = odd[odd_random() % 10];\n"
    "    return number < least ? INT32_MAX : number;\n"
    "}\n"
    "static void append_odd_records(int rank)\n"
    "{\n"
    "    odd_state += (unsigned)rank + 1;\n"
    "    for (int i = 0; i < 20000; i++) {\n"
    "        struct log_record record = log_record_new(LOG_FORWARD, (enum log_phase)(1 + i % 3));\n"
    "        unsigned char *byte = (unsigned char *)&record;\n"
    "        for (size_t k = offsetof(struct log_record, caller); k < sizeof record; k++)\n"
    "            if (odd_random() % 4 == 0)\n"
    "                byte[k] = (unsigned char)odd_random();\n"
    "        record.phase = (uint8_t)(1 + i % 3);\n"
    "        record.peer = odd_number(-3);\n"
    "        record.tag = odd_number(INT32_MIN);\n"
    "        record.stage = odd_number(-1);\n"
    "        record.micro_batch = odd_number(-1);\n"
    "        if (i % 3 == 0)\n"
    "            record.communicator = LOG_WORLD;\n"
    "        if (i % 5 == 0)\n"
    "            record.own_value = NAN;\n"
    "        if (i % 7 == 0)\n"
    "            record.own_value = 1e308;\n"
    "        if (i % 11 == 0)\n"
    "            record.own_number = UINT64_MAX;\n"
    "        if (i % 13 == 0)\n"
    "            record.bytes = UINT64_MAX;\n"
    "        do\n"
    "            record.operation = (uint16_t)(odd_random() % LOG_OPERATIONS);\n"
    "        while (record.operation == LOG_NONE || record.operation == LOG_FINAL ||\n"
    "               strcmp(log_operation_name(record.operation), \"unknown\") == 0);\n"
    "        log_append(record);\n"
    "    }\n"
    "}\n";

/* 100,000 forwards that begin and never end. */
static const char forwards_without_an_end[] =
    "#include \"common/log/log.h\"\n"
    "static void append_odd_records(int rank)\n"
    "{\n"
    "    (void)rank;\n"
    "    for (int i = 0; i < 100000; i++)\n"
    "        log_append(log_record_new(LOG_FORWARD, LOG_BEGIN));\n"
    "}\n";

static void put_in_front(const char *file, const char *code, const char *head, const char *call)
{
    static const char include[] = "#include \"assignments/pipeline/pipeline.h\"\n";
    g_autofree char *before = g_strconcat(include, code, NULL),
                    *first = g_strconcat(head, call, NULL);
    grading_change(file, include, before);
    grading_change(file, head, first);
}

START_TEST(odd_records_are_judged)
{
    static const char *const codes[] = {odd_records, forwards_without_an_end};
    static const char *const checks[] = {"baseline", "train_step_naive", "own_stage", "no_luck"};
    put_in_front("train_step_naive.c", codes[_i],
                 "void train_step_naive(struct pipeline *pipeline)\n{\n",
                 "    append_odd_records(pipeline->rank);\n");
    put_in_front("train_step_afab.c", codes[_i],
                 "void train_step_afab(struct pipeline *pipeline)\n{\n",
                 "    append_odd_records(pipeline->rank);\n");
    struct graded graded = grading_run("baseline,train_step_naive,own_stage,no_luck,afab_order");
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        const char *said = graded_output(&graded, checks[i]);
        ck_assert_msg(strlen(said) > 0, "%s: nothing is said", checks[i]);
        ck_assert_msg(!strstr(said, "the grader"), "%s: %s", checks[i], said);
    }
    /* its functions append nothing */
    graded_passes(&graded, "baseline", "");
    /* what a stage computes is read from the log */
    graded_fails(&graded, "afab_order", "");
    graded_clear(&graded);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("odd logs");
    TCase *tests = tcase_create("all");
    tcase_add_checked_fixture(tests, setup, grading_end);
    tcase_set_timeout(tests, 200);
    tcase_add_loop_test(tests, odd_records_are_judged, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
