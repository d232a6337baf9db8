/*
 * record.json: a grade for programs that look at many: tables, pages and exports of a class. It says what was graded
 * (files, kit, secret) and each check with its state, its cause and its runs. results.json is for Gradescope and knows
 * less; what students read is in the other reports.
 */
#include "grader/grade/causes.h"
#include "grader/grade/grade_state.h"
#include "grader/report/report.h"
#include "grader/rubric/rubric_cases.h"
#include "grader/text/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *clean(const char *text)
{
    if (!text)
        return json_null();
    g_autofree char *shown = text_clean(text, strlen(text), 16 << 10);
    return json_string(shown);
}

static json_t *names(const GPtrArray *from)
{
    json_t *list = json_array();
    for (guint i = 0; from && i < from->len; i++)
        json_array_append_new(list, clean(from->pdata[i]));
    return list;
}

static const char *end_name(enum run_end end)
{
    static const char *const ends[] = {[RUN_FINISHED] = "finished",
                                       [RUN_REFUSED] = "refused",
                                       [RUN_FAILED] = "failed",
                                       [RUN_CRASHED] = "crashed",
                                       [RUN_HUNG] = "hung",
                                       [RUN_TIMED_OUT] = "timed out",
                                       [RUN_TOO_MUCH_MEMORY] = "too much memory",
                                       [RUN_TOO_MUCH_OUTPUT] = "too much output",
                                       [RUN_TOO_MANY_PROCESSES] = "too many processes",
                                       [RUN_NOT_STARTED] = "not started"};
    return ends[end];
}

static json_t *runs_of(const struct check_result *result)
{
    json_t *list = json_array();
    for (guint i = 0; i < result->runs->len; i++) {
        const struct run_summary *run = &g_array_index(result->runs, struct run_summary, i);
        json_array_append_new(list, json_pack("{s:i,s:s,s:f,s:I,s:o,s:o}", "ranks", run->ranks,
                                              "end", end_name(run->end), "seconds", run->seconds,
                                              "seed", (json_int_t)run->seed, "command",
                                              clean(run->command), "trouble", clean(run->trouble)));
    }
    return list;
}

/* Which sizes its runs had, as CASE takes it; null: the kit's own. */
static json_t *case_of(const struct rubric_check *check)
{
    g_autofree char *text = rubric_case(check);
    return clean(text);
}

static json_t *check_of(const struct grade *grade, const struct check_result *result)
{
    const struct rubric_check *check = result->check;
    const struct verdict *verdict = result->verdict;
    const bool has_mistake = verdict->mistake->len > 0;
    json_t *one = json_pack("{s:o,s:o,s:i,s:b,s:o,s:o,s:f,s:f}", "name", clean(check->name),
                            "title", clean(check->title), "tier", check->tier + 1, "bonus",
                            rubric_check_is_bonus(grade->rubric, check), "question",
                            clean(check->question), "visibility", clean(check->visibility),
                            "points", result->points, "max_points", check->points);
    json_object_set_new(one, "state", json_string(grade_state_name(grade_state(result))));
    json_object_set_new(one, "culprit", json_string(culprit_name(verdict->culprit)));
    json_object_set_new(one, "seen", clean(verdict->headline->str));
    json_object_set_new(one, "mistake", has_mistake ? clean(verdict->mistake->str) : json_null());
    json_object_set_new(one, "cause", json_integer(cause_number(grade, result)));
    json_object_set_new(one, "seconds", json_real(result->seconds));
    json_object_set_new(one, "case", case_of(check));
    json_object_set_new(one, "files", names(check->files));
    json_object_set_new(one, "runs", runs_of(result));
    return one;
}

static json_t *cause_of(const struct cause *cause)
{
    const struct verdict *verdict = cause->told->verdict;
    json_t *of = json_array();
    for (guint i = 0; i < cause->of->len; i++) {
        const struct check_result *result = cause->of->pdata[i];
        json_array_append_new(of, clean(result->check->name));
    }
    return json_pack("{s:o,s:o,s:o,s:f,s:o}", "check", clean(cause->told->check->name), "mistake",
                     verdict->mistake->len > 0 ? clean(verdict->mistake->str) : json_null(), "seen",
                     clean(verdict->headline->str), "points", cause->points, "explains", of);
}

static json_t *points_of(const struct grade *grade, int tier)
{
    const struct points points = grade_points(grade, tier);
    return json_pack("{s:f,s:f,s:f}", "got", points.got, "judged", points.judged, "all",
                     points.all);
}

/* Tells two secrets apart without giving either away. */
static json_t *fingerprint(const struct seeds *seeds)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)"fingerprint\n", -1);
    g_checksum_update(checksum, (const guchar *)seeds->secret.bytes, (gssize)seeds->secret.length);
    return json_stringn(g_checksum_get_string(checksum), 16);
}

static json_t *year_of(const struct grade *grade)
{
    const int year = grade->seeds->secret.year;
    return year != 0 ? json_integer(year) : json_null();
}

char *report_record(const struct grade *grade)
{
    const char *device = build_device(grade->build);
    json_t *checks = json_array(), *causes = json_array(), *tiers = json_array();
    for (guint i = 0; i < grade->results->len; i++)
        if (!grade->partial || GRADE_RESULTS(grade, i)->done)
            json_array_append_new(checks, check_of(grade, GRADE_RESULTS(grade, i)));
    for (guint i = 0; grade->causes && i < grade->causes->len; i++)
        json_array_append_new(causes, cause_of(grade->causes->pdata[i]));
    for (guint i = 0; i < grade->rubric->tiers->len; i++)
        json_array_append_new(
            tiers, clean(g_array_index(grade->rubric->tiers, struct rubric_tier, i).name));
    json_t *root = json_pack(
        "{s:s,s:s,s:o,s:o,s:o,s:I,s:o,s:f,s:b,s:o,s:o,s:o,s:o,s:o,s:o}", "assignment",
        grade->rubric->assignment, "device", device ? device : "cpu", "kit", clean(grade->kit),
        "submission", clean(grade->seeds->submission), "secret", fingerprint(grade->seeds), "seed",
        (json_int_t)grade->seeds->fixed, "year", year_of(grade), "seconds", grade_seconds(grade),
        "partial", grade->partial, "points", points_of(grade, POINTS_WITHOUT_BONUS), "bonus",
        points_of(grade, POINTS_OF_BONUS), "tiers", tiers, "notes", names(grade->notes), "checks",
        checks, "causes", causes);
    char *text = json_dumps(root, JSON_INDENT(1));
    char *copy = g_strconcat(text ? text : "", "\n", NULL);
    free(text);
    json_decref(root);
    return copy;
}
