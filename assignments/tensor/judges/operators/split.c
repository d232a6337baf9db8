/*
 * Judge "split".
 *
 * Run:       the probe that calls can_split() and split() with many sizes.
 * Must hold: what has fewer things than ranks is refused with a reason, all else accepted; the parts lie one
 *            behind the other, cover everything, and no rank has two more than another. Which ranks have one
 *            more is the student's choice.
 * A failure: names the smallest sizes for which that does not hold, and what was returned; the known mistake,
 *            if it explains the parts of all sizes.
 */
#include "assignments/tensor/judges/operators/operators.h"
#include "assignments/tensor/judges/operators/split_mistakes.h"
#include "assignments/tensor/probes.h"
#include "grader/evidence/probe_file.h"
#include "grader/text/text.h"

#include <string.h>

static bool read_part(const json_t *value, struct part *part)
{
    const json_t *begin = json_array_get(value, 0), *end = json_array_get(value, 1);
    if (!json_is_integer(begin) || !json_is_integer(end) ||
        llabs(json_integer_value(begin)) > INT_MAX || llabs(json_integer_value(end)) > INT_MAX)
        return false;
    *part = (struct part){(int)json_integer_value(begin), (int)json_integer_value(end)};
    return true;
}

/* probe_file_entry; the reason stays the entry's. */
static bool read_case(const json_t *entry, void *result)
{
    struct split_case *one = result;
    const json_t *parts = json_object_get(entry, "parts");
    one->reason = json_string_value(json_object_get(entry, "reason"));
    if (!one->reason || !probe_file_int(entry, "size", &one->size) ||
        !probe_file_int(entry, "ranks", &one->ranks) ||
        !probe_file_bool(entry, "accepted", &one->accepted) ||
        !probe_file_bool(entry, "overrun", &one->overrun) || !json_is_array(parts) ||
        one->size < 1 || one->size > 1 << 20 || one->ranks < 1 || one->ranks > SPLIT_MOST_RANKS)
        return false;
    one->parts = one->accepted && one->size >= one->ranks ? one->ranks : 0;
    if (json_array_size(parts) != (size_t)one->parts)
        return false;
    for (int rank = 0; rank < one->parts; rank++)
        if (!read_part(json_array_get(parts, (size_t)rank), &one->part[rank]))
            return false;
    return true;
}

/* ---- can_split ---------------------------------------------------------------------------------- */

static int words_of(const char *text)
{
    int words = 0;
    for (const char *c = text; *c; c++)
        words += g_ascii_isalpha(*c) && (c == text || !g_ascii_isalnum(c[-1]));
    return words;
}

static char *what_is_wrong_with_the_answer(const struct split_case *one)
{
    if (one->overrun)
        return g_strdup("it wrote behind the end of reason, which has reason_size bytes");
    if (one->size < one->ranks && one->accepted)
        return g_strdup("accepted, although some rank would have nothing");
    if (one->size >= one->ranks && !one->accepted)
        return g_strdup_printf("refused (“%.120s”), although each rank can have one%s", one->reason,
                               one->size % one->ranks ? ": parts need not be of one size" : "");
    if (!one->accepted && words_of(one->reason) == 0)
        return g_strdup("refused without a reason");
    if (!one->accepted && words_of(one->reason) == 1)
        return g_strdup_printf(
            "the reason is “%.120s”, which says neither why nor what to do%s", one->reason,
            strlen(one->reason) == sizeof(char *) - 1
                ? ": it ends after 7 characters, so was sizeof taken of a pointer in place of "
                  "reason_size?"
                : "");
    return NULL;
}

/* ---- split -------------------------------------------------------------------------------------- */

static char *what_is_wrong_with_the_parts(const struct split_case *one)
{
    int end = 0, least = INT_MAX, most = 0;
    for (int rank = 0; rank < one->parts; rank++) {
        const struct part part = one->part[rank];
        if (part.begin > end)
            return g_strdup_printf("nobody has %d%s", end, part.begin > end + 1 ? ", …" : "");
        if (part.begin < end)
            return g_strdup_printf("rank %d begins with %d, which %s", rank, part.begin,
                                   part.begin < 0 ? "is not there" : "a rank before it has, too");
        if (part.end <= part.begin)
            return g_strdup_printf("rank %d has nothing", rank);
        end = part.end;
        least = MIN(least, part.end - part.begin);
        most = MAX(most, part.end - part.begin);
    }
    if (end > one->size)
        return g_strdup_printf("the last is %d, and there is no %d", end - 1, end - 1);
    if (end < one->size)
        return g_strdup_printf("nobody has %d%s", end, end + 1 < one->size ? ", …" : "");
    if (most - least > 1)
        return g_strdup_printf("one rank has %d and another %d, where they may differ by one", most,
                               least);
    return NULL;
}

static char *parts_text(const struct split_case *one)
{
    GString *text = g_string_new(NULL);
    for (int rank = 0; rank < one->parts && rank < 12; rank++)
        g_string_append_printf(text, "%s{%d, %d}", rank ? ", " : "", one->part[rank].begin,
                               one->part[rank].end);
    if (one->parts > 12)
        g_string_append(text, ", …");
    return g_string_free(text, FALSE);
}

/* One line on what is wrong; NULL: nothing. */
static char *what_is_wrong(const struct split_case *one)
{
    g_autofree char *answer = what_is_wrong_with_the_answer(one);
    if (answer)
        return g_strdup_printf("can_split(%d, %d, …): %s", one->size, one->ranks, answer);
    g_autofree char *parts = one->parts > 0 ? what_is_wrong_with_the_parts(one) : NULL;
    if (!parts)
        return NULL;
    g_autofree char *text = parts_text(one);
    return g_strdup_printf("split(%d, %d, …) gives %s: %s", one->size, one->ranks, text, parts);
}

/* ---- all of it ------------------------------------------------------------------------------------ */

static bool all_sizes_are_there(const GArray *cases, struct verdict *verdict)
{
    bool seen[SPLIT_ALL_SIZES + 1][SPLIT_ALL_RANKS + 1] = {{false}};
    for (guint i = 0; i < cases->len; i++) {
        const struct split_case *one = &g_array_index(cases, struct split_case, i);
        if (one->size <= SPLIT_ALL_SIZES && one->ranks <= SPLIT_ALL_RANKS)
            seen[one->size][one->ranks] = true;
    }
    for (int size = 1; size <= SPLIT_ALL_SIZES; size++)
        for (int ranks = 1; ranks <= SPLIT_ALL_RANKS; ranks++)
            if (!seen[size][ranks]) {
                evidence_fail(verdict, "probe-split.json lacks %d things on %d ranks", size, ranks);
                return false;
            }
    return true;
}

static void judge_cases(const GArray *cases, struct verdict *verdict)
{
    int wrong = 0;
    for (guint i = 0; i < cases->len; i++) {
        g_autofree char *what = what_is_wrong(&g_array_index(cases, struct split_case, i));
        if (!what)
            continue;
        if (wrong++ == 0)
            evidence_fail(verdict, "%s", what);
        if (wrong <= 8) {
            g_string_append(verdict->explanation, "\n- ");
            text_append_plain(verdict->explanation, what);
        }
    }
    if (wrong == 0) {
        all_sizes_are_there(cases, verdict);
        return;
    }
    verdict_explain(verdict, "\n\n%d of %u cases are wrong.\n", wrong, cases->len);
    const struct mistake *mistake =
        split_mistake((const struct split_case *)(const void *)cases->data, (int)cases->len);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    json_t *root = probe_file_read(run, "probe-split.json", 1, verdict);
    EVIDENCE_ARRAY cases = g_array_new(FALSE, FALSE, sizeof(struct split_case));
    if (probe_file_results(root, "probe-split.json", read_case, cases, verdict))
        judge_cases(cases, verdict);
    json_decref(root);
}

void tensor_judge_split(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(judgement, verdict, judge_run,
                      "everything is on one rank, and no rank has two more than another");
}
