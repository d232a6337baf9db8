/*
 * JUnit's XML, as Jenkins' xunit plug-in checks it (junit-10.xsd): a test suite for each student, a test case for each check.
 * What is not judged, or waits for a person, is skipped. XML 1.0 has no control characters: text is cleaned of them.
 */
#include "class/exports/exports.h"
#include "grader/grade/grade_state.h"
#include "grader/text/text.h"

#include <string.h>

enum result { PASSED, FAILED, ERROR, SKIPPED };

static enum result result_of(const struct graded_check *check)
{
    if (strcmp(check->state, grade_state_name(STATE_PASSED)) == 0)
        return PASSED;
    if (strcmp(check->state, grade_state_name(STATE_FAILED)) == 0 ||
        strcmp(check->state, grade_state_name(STATE_UNWRITTEN)) == 0)
        return FAILED;
    return SKIPPED;
}

/* Characters that UTF-8 has, and XML has not: U+FFFE and U+FFFF. */
static char *xml(const char *text)
{
    g_autofree char *clean = text_clean(text, strlen(text), 16 << 10);
    g_autofree char *escaped = g_markup_escape_text(clean, -1);
    g_auto(GStrv) parts = g_strsplit(escaped, "\xef\xbf\xbe", -1);
    g_autofree char *joined = g_strjoinv("\xef\xbf\xbd", parts);
    g_auto(GStrv) others = g_strsplit(joined, "\xef\xbf\xbf", -1);
    return g_strjoinv("\xef\xbf\xbd", others);
}

static void append_case(GString *out, const struct exports *exports,
                        const struct graded_check *check)
{
    g_autofree char *name = xml(check->title), *class = xml(exports_assignment(exports)),
                    *check_name = xml(check->name), *seen = xml(check->seen),
                    *state = xml(check->state),
                    *mistake = xml(check->mistake ? check->mistake : check->state);
    g_string_append_printf(out, "  <testcase name=\"%s\" classname=\"%s.%s\" time=\"%.3f\"", name,
                           class, check_name, MAX(check->seconds, 0));
    switch (result_of(check)) {
    case PASSED:
        g_string_append(out, "/>\n");
        return;
    case FAILED:
        g_string_append_printf(out, "><failure type=\"%s\" message=\"%s\"/></testcase>\n", mistake,
                               seen);
        return;
    case ERROR:
    case SKIPPED:
        g_string_append_printf(out, "><skipped type=\"%s\" message=\"%s\"/></testcase>\n", state,
                               seen);
        return;
    }
}

/* Of one who has no grade: refused, or the grader failed, which is an error and no failure of a check. */
static void append_error(GString *out, const struct exports *exports,
                         const struct gathered_grade *grade)
{
    g_autofree char *class = xml(exports_assignment(exports));
    g_autofree char *why = xml(grade->student->refused ? grade->student->refused
                               : grade->graded         ? "the grader could not grade it"
                                                       : "it is not graded yet");
    g_string_append_printf(out,
                           "  <testcase name=\"grade\" classname=\"%s.grade\"><error type=\"not "
                           "graded\" message=\"%s\"/></testcase>\n",
                           class, why);
}

static void append_suite(GString *out, const struct exports *exports,
                         const struct gathered_grade *grade)
{
    guint counts[SKIPPED + 1] = {0}, tests = 0;
    g_autoptr(GString) cases = g_string_new(NULL);
    double seconds = 0;
    for (guint i = 0; grade->points.is_graded && i < grade->graded->checks->len; i++) {
        const struct graded_check *check = GRADED_CHECKS(grade->graded, i);
        if (!exports_shows(exports, check))
            continue;
        append_case(cases, exports, check);
        counts[result_of(check)]++;
        seconds += MAX(check->seconds, 0);
        tests++;
    }
    if (!grade->points.is_graded) {
        append_error(cases, exports, grade);
        counts[ERROR] = tests = 1;
    }
    g_autofree char *name = xml(grade->student->id);
    g_string_append_printf(out,
                           " <testsuite name=\"%s\" tests=\"%u\" failures=\"%u\" errors=\"%u\" "
                           "skipped=\"%u\" time=\"%.3f\"%s",
                           name, tests, counts[FAILED], counts[ERROR], counts[SKIPPED], seconds,
                           tests > 0 ? ">\n" : ">");
    g_string_append_printf(out, "%s </testsuite>\n", cases->str);
}

bool exports_junit(struct exports *exports)
{
    g_autoptr(GString) out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    g_autofree char *assignment = xml(exports_assignment(exports)),
                    *name = g_strdup_printf("junit-%s.xml", exports_assignment(exports));
    g_string_append_printf(out, "<testsuites name=\"%s\">\n", assignment);
    for (guint i = 0; i < exports_students(exports); i++)
        append_suite(out, exports, exports_grade(exports, i));
    g_string_append(out, "</testsuites>\n");
    return exports_write(exports, name, out->str, (gssize)out->len);
}
