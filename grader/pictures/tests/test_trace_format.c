/*
 * Traces of real runs keep to the Trace Event Format, by a validator that was written from its description; and the
 * validator finds what is wrong.
 */
#include "grader/pictures/trace_export.h"
#include "tests/support/program_outcome.h"
#include "tests/support/test.h"
#include "tests/support/trace_format.h"

#include <string.h>
#include <unistd.h>

/* ---- the validator ------------------------------------------------------------------------------- */

#define THREAD "\"pid\":1,\"tid\":1"
#define SLICE  "{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"ts\":0.5,\"dur\":2}"

/* Events, and what is wrong with them; NULL: nothing. */
static const struct {
    const char *events, *fault;
} cases[] = {
    {SLICE, NULL},
    {SLICE ",{\"ph\":\"X\",\"name\":\"b\"," THREAD ",\"ts\":1,\"dur\":1.5}", NULL},
    {"{\"ph\":\"B\",\"name\":\"a\"," THREAD ",\"ts\":0},{\"ph\":\"E\"," THREAD ",\"ts\":1}", NULL},
    {"{\"ph\":\"M\",\"name\":\"process_name\"," THREAD ",\"args\":{\"name\":\"run\"}}", NULL},
    {"{\"ph\":\"C\",\"name\":\"live\"," THREAD ",\"ts\":0,\"args\":{\"bytes\":7}}", NULL},
    {"{\"ph\":\"i\",\"name\":\"a\"," THREAD ",\"ts\":0,\"s\":\"t\"}", NULL},
    {SLICE ",{\"ph\":\"s\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1},"
           "{\"ph\":\"f\",\"bp\":\"e\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":2}",
     NULL},
    {"{\"ph\":\"b\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1},"
     "{\"ph\":\"e\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":2}",
     NULL},
    /* ---- not so */
    {"{\"name\":\"a\"," THREAD ",\"ts\":0}", "of no known kind"},
    {"{\"ph\":\"Z\",\"name\":\"a\"," THREAD ",\"ts\":0}", "of no known kind"},
    {"{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"ts\":0}", "no dur"},
    {"{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"ts\":0,\"dur\":-1}", "no dur"},
    {"{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"dur\":1}", "no ts"},
    {"{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"ts\":\"0\",\"dur\":1}", "no ts"},
    {"{\"ph\":\"X\"," THREAD ",\"ts\":0,\"dur\":1}", "no name"},
    {"{\"ph\":\"X\",\"name\":\"a\",\"pid\":1,\"ts\":0,\"dur\":1}", "pid and tid"},
    {"{\"ph\":\"X\",\"name\":\"a\"," THREAD ",\"ts\":0,\"dur\":1,\"args\":[]}", "args"},
    {SLICE ",{\"ph\":\"X\",\"name\":\"b\"," THREAD ",\"ts\":1,\"dur\":3}", "overlaps"},
    {"{\"ph\":\"E\"," THREAD ",\"ts\":1}", "what no B began"},
    {"{\"ph\":\"B\",\"name\":\"a\"," THREAD ",\"ts\":0}", "a B has no E"},
    {"{\"ph\":\"B\",\"name\":\"a\"," THREAD ",\"ts\":0},"
     "{\"ph\":\"E\",\"name\":\"b\"," THREAD ",\"ts\":1}",
     "the name of its B"},
    {"{\"ph\":\"M\",\"name\":\"thread_nam\"," THREAD ",\"args\":{\"name\":\"run\"}}",
     "no metadata"},
    {"{\"ph\":\"M\",\"name\":\"thread_name\"," THREAD ",\"args\":{}}", "no name in its args"},
    {"{\"ph\":\"C\",\"name\":\"live\"," THREAD ",\"ts\":0}", "without a series"},
    {"{\"ph\":\"C\",\"name\":\"live\"," THREAD ",\"ts\":0,\"args\":{\"bytes\":\"7\"}}",
     "no number"},
    {"{\"ph\":\"i\",\"name\":\"a\"," THREAD ",\"ts\":0,\"s\":\"x\"}", "g, p or t"},
    {SLICE ",{\"ph\":\"s\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1}",
     "never ends"},
    {SLICE ",{\"ph\":\"f\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1}",
     "has not begun"},
    {SLICE ",{\"ph\":\"s\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1},"
           "{\"ph\":\"f\",\"name\":\"other\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":2}",
     "has not begun"},
    {SLICE ",{\"ph\":\"s\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1},"
           "{\"ph\":\"f\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":9}",
     "no slice of its thread"},
    {SLICE ",{\"ph\":\"s\",\"name\":\"m\",\"id\":1," THREAD ",\"ts\":1}", "needs a cat"},
    {"{\"ph\":\"b\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":1}", "b m has no e"},
    {"{\"ph\":\"e\",\"name\":\"m\",\"cat\":\"c\",\"id\":1," THREAD ",\"ts\":2}",
     "no b of this name"},
};

START_TEST(the_validator_finds_what_is_wrong)
{
    g_autoptr(GString) faults = g_string_new(NULL);
    g_autofree char *text = g_strdup_printf("{\"traceEvents\":[%s]}", cases[_i].events);
    json_error_t problem;
    json_t *trace = json_loads(text, 0, &problem);
    ck_assert_msg(trace != NULL, "%s", problem.text);
    trace_format_check(trace, faults);
    json_decref(trace);
    if (cases[_i].fault)
        ck_assert_msg(strstr(faults->str, cases[_i].fault), "%s: %s", text, faults->str);
    else
        ck_assert_msg(faults->len == 0, "%s: %s", text, faults->str);
}
END_TEST

START_TEST(the_head_is_looked_at)
{
    g_autoptr(GString) faults = g_string_new(NULL);
    json_t *trace = json_pack("{s:s, s:s}", "displayTimeUnit", "us", "otherData", "text");
    trace_format_check(trace, faults);
    ck_assert_ptr_nonnull(strstr(faults->str, "displayTimeUnit is ms or ns"));
    ck_assert_ptr_nonnull(strstr(faults->str, "otherData is no object"));
    ck_assert_ptr_nonnull(strstr(faults->str, "traceEvents is no list"));
    json_decref(trace);
}
END_TEST

/* ---- real runs ------------------------------------------------------------------------------------- */

/* One step, on either machine. */
static const struct {
    bool simulated;
    const char *program, *arguments;
    const char *names[6]; /* that slices must have */
} runs[] = {
    {true, "common/tests/programs/sharded", "--steps 1", {"step 0", "F 0", "B 0", NULL}},
    {false, "common/tests/programs/sharded", "--steps 1", {"step 0", "F 0", "B 0", NULL}},
};

/* The trace of a run's logs; the caller decrefs. */
static json_t *trace_of(const struct outcome *run)
{
    g_autofree char *path = g_build_filename(run->folder, "trace.json", NULL);
    g_autoptr(GString) faults = g_string_new(NULL);
    json_error_t problem;
    ck_assert_msg(trace_export(run->log, run->ranks, NULL, (struct trace_options){"a run", NULL},
                               path, faults),
                  "%s", faults->str);
    trace_format_check_file(path, faults);
    ck_assert_msg(faults->len == 0, "%s", faults->str);
    json_t *trace = json_load_file(path, 0, &problem);
    ck_assert_ptr_nonnull(trace);
    return trace;
}

static bool has_slice(const json_t *trace, const char *name)
{
    const json_t *events = json_object_get(trace, "traceEvents");
    for (size_t i = 0; i < json_array_size(events); i++)
        if (g_strcmp0(json_string_value(json_object_get(json_array_get(events, i), "name")),
                      name) == 0)
            return true;
    return false;
}

START_TEST(a_run_s_trace_keeps_to_the_format)
{
    if (runs[_i].simulated && !test_has_simulator())
        return;
    struct outcome run =
        program_outcome(runs[_i].simulated, 4, runs[_i].program, NULL, runs[_i].arguments);
    json_t *trace = trace_of(&run);
    for (int k = 0; runs[_i].names[k]; k++)
        ck_assert_msg(has_slice(trace, runs[_i].names[k]), "%s", runs[_i].names[k]);
    const json_t *other = json_object_get(trace, "otherData");
    ck_assert_str_eq(json_string_value(json_object_get(other, "unit of ts and dur")),
                     "microseconds");
    json_decref(trace);
    program_outcome_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("trace format");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_validator_finds_what_is_wrong, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, the_head_is_looked_at);
    tcase_add_loop_test(tests, a_run_s_trace_keeps_to_the_format, 0, G_N_ELEMENTS(runs));
    suite_add_tcase(suite, tests);
    return suite;
}
