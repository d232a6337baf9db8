/* What ranks hand in, as text; see traffic.h. */
#include "grader/evidence/traffic.h"

#include "common/base/units.h"
#include "grader/trace/collective_calls.h"

static const char *name_of(enum log_operation operation)
{
    return operation == LOG_SEND  ? "messages"
           : operation == LOG_PUT ? "accesses to windows"
                                  : collective_call_name(operation);
}

static const struct traffic_entry *entry(const struct traffic *traffic, guint i)
{
    return &g_array_index(traffic->entries, struct traffic_entry, i);
}

/* One past the last entry of the step that begins at `first`. */
static guint end_of_step(const struct traffic *traffic, guint first)
{
    guint end = first;
    while (end < traffic->entries->len && entry(traffic, end)->step == entry(traffic, first)->step)
        end++;
    return end;
}

static bool are_alike(const struct traffic_entry *a, const struct traffic_entry *b)
{
    return a->operation == b->operation && a->rank == b->rank && a->count == b->count &&
           a->least == b->least && a->most == b->most && a->volume == b->volume &&
           (a->group == b->group || (a->group && b->group && group_equals(a->group, b->group)));
}

static bool steps_are_alike(const struct traffic *traffic, guint first, guint other)
{
    const guint count = end_of_step(traffic, first) - first;
    if (end_of_step(traffic, other) - other != count || entry(traffic, first)->step < 0)
        return false;
    for (guint i = 0; i < count; i++)
        if (!are_alike(entry(traffic, first + i), entry(traffic, other + i)))
            return false;
    return true;
}

static void describe_entry(const struct traffic *traffic, const struct traffic_entry *entry,
                           const char *steps, GString *text)
{
    char most[UNITS_TEXT_SIZE], least[UNITS_TEXT_SIZE], volume[UNITS_TEXT_SIZE];
    units_bytes(entry->most, most);
    units_bytes(entry->least, least);
    units_bytes(entry->volume, volume);
    g_string_append_printf(text, "%s: %s ", steps, name_of(entry->operation));
    if (entry->rank >= 0) {
        g_string_append_printf(text, "from rank %d: %d, %s\n", entry->rank, entry->count, most);
        return;
    }
    g_autofree char *among = group_among(entry->group, traffic->ranks);
    g_string_append_printf(text, "%s: %d time%s", among, entry->count,
                           entry->count == 1 ? "" : "s");
    if (collectives_root_gives(entry->operation))
        g_string_append_printf(text, ", %s handed in by the root", most);
    else if (entry->most > entry->least)
        g_string_append_printf(text, ", %s to %s handed in per rank", least, most);
    else if (entry->most > 0)
        g_string_append_printf(text, ", %s handed in per rank", most);
    if (entry->volume > 0)
        g_string_append_printf(text, ", at least %s between ranks", volume);
    g_string_append_c(text, '\n');
}

void traffic_describe(const struct traffic *traffic, GString *text)
{
    for (guint first = 0; first < traffic->entries->len;) {
        const guint end = end_of_step(traffic, first);
        const int step = entry(traffic, first)->step;
        guint next = end;
        int last = step;
        while (next < traffic->entries->len && entry(traffic, next)->step == last + 1 &&
               steps_are_alike(traffic, first, next)) {
            last++;
            next = end_of_step(traffic, next);
        }
        g_autofree char *steps = step < 0       ? g_strdup("outside of steps")
                                 : last == step ? g_strdup_printf("step %d", step)
                                                : g_strdup_printf("steps %d to %d", step, last);
        for (guint i = first; i < end; i++)
            describe_entry(traffic, entry(traffic, i), steps, text);
        first = next;
    }
}
