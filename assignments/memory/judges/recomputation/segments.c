/* Where segments begin; see segments.h. */
#include "assignments/memory/judges/recomputation/segments.h"

#include "assignments/memory/judges/recomputation/manners.h"
#include "assignments/memory/segment_cases.h"
#include "grader/evidence/probe_file.h"

struct found {
    int segments;
    const json_t *first_layer;
    bool overrun;
};

static bool read_entry(const json_t *entry, const struct segment_case *one, struct found *found)
{
    found->first_layer = json_object_get(entry, "first_layer");
    return probe_file_int(entry, "segments", &found->segments) &&
           probe_file_bool(entry, "overrun", &found->overrun) &&
           json_array_size(found->first_layer) == (size_t)one->layers + 1;
}

/* Is it cut so? *wrong: the first place where it isn't, or -1: it is their number. */
static bool is_cut(const struct segment_case *one, const struct found *found, enum manner_size size,
                   int *wrong, int *due)
{
    g_autofree int *first_layer = g_new0(int, one->layers + 2);
    *wrong = -1;
    *due = manner_segments(size, one->first, one->layers, one->by_root, first_layer);
    if (found->segments != *due || found->overrun)
        return false;
    for (*wrong = 0; *wrong <= found->segments; (*wrong)++) {
        const json_t *number = json_array_get(found->first_layer, (size_t)*wrong);
        *due = first_layer[*wrong];
        if (!json_is_integer(number) || json_integer_value(number) != *due)
            return false;
    }
    return true;
}

static struct segment_case case_of(const struct outcome *run, int number)
{
    return memory_segment_case(run->options.seed, number);
}

/* All runs of layers are cut in this way. */
static bool explains(const struct outcome *run, const json_t *table, enum manner_size size)
{
    for (int i = 0; i < SEGMENT_CASES; i++) {
        const struct segment_case one = case_of(run, i);
        struct found found;
        int wrong, due;
        if (!read_entry(json_array_get(table, (size_t)i), &one, &found) ||
            !is_cut(&one, &found, size, &wrong, &due))
            return false;
    }
    return true;
}

static void name_mistake(const struct outcome *run, const json_t *table, struct verdict *verdict)
{
    int count;
    const struct manner *manner = manner_mistakes(&count);
    for (int i = 0; i < count; i++)
        if (manner[i].size != SIZE_NEAREST && explains(run, table, manner[i].size)) {
            verdict_name_mistake(verdict, &manner[i].mistake);
            return;
        }
}

static void fail(const struct segment_case *one, const struct found *found, int wrong, int due,
                 struct verdict *verdict)
{
    g_autofree char *call =
        g_strdup_printf("make_segments, %d layers from layer %d on, %s", one->layers, one->first,
                        one->by_root ? "by the root" : "one each");
    if (found->overrun)
        evidence_fail(verdict, "%s: it wrote behind first_layer[%d]", call, one->layers);
    else if (wrong < 0)
        evidence_fail(verdict, "%s: it returned %d segments, and there are %d", call,
                      found->segments, due);
    else {
        const json_t *number = json_array_get(found->first_layer, (size_t)wrong);
        const json_int_t value = json_integer_value(number);
        if (value == SEGMENTS_UNSET)
            evidence_fail(verdict, "%s: first_layer[%d] was not filled in: it is %d", call, wrong,
                          due);
        else
            evidence_fail(verdict, "%s: first_layer[%d] is %" JSON_INTEGER_FORMAT ", and %d is due",
                          call, wrong, value, due);
    }
    verdict_look(verdict, "recompute.c: make_segments");
}

void segments_judge(const struct outcome *run, struct verdict *verdict)
{
    if (!evidence_logs(run, verdict))
        return;
    json_t *table = probe_file_read(run, PROBE_SEGMENTS, SEGMENT_CASES, verdict);
    for (int i = 0; table && i < SEGMENT_CASES && verdict->kind == VERDICT_PASS; i++) {
        const struct segment_case one = case_of(run, i);
        struct found found;
        int wrong, due;
        if (!read_entry(json_array_get(table, (size_t)i), &one, &found))
            evidence_fail(verdict, "%s: entry %d can't be used", PROBE_SEGMENTS, i);
        else if (!is_cut(&one, &found, SIZE_NEAREST, &wrong, &due)) {
            fail(&one, &found, wrong, due, verdict);
            name_mistake(run, table, verdict);
        }
    }
    json_decref(table);
}
