/* Questions on what the run did: a message, a collective, a line, a failure. */
#include "class/viva/question.h"

#include "grader/text/text.h"
#include "grader/trace/groups.h"

#include <string.h>

/* ---- messages -------------------------------------------------------------------------------------- */

static bool is_received_in_step(const struct viva_run *run, const struct message *message, int rank)
{
    size_t first, last;
    replay_find_records(&run->logs[rank], run->step, &first, &last);
    return message->destination == rank && message->receive.posted != NO_RECORD &&
           message->send.posted != NO_RECORD && message->receive.posted >= first &&
           message->receive.posted < last;
}

static const struct viva_call *call_at(const struct viva *viva, int rank, size_t record)
{
    for (guint i = 0; i < viva->calls[rank]->len; i++) {
        const struct viva_call *call = VIVA_CALL(viva->calls, rank, i);
        if (call->begin <= record && record <= call->end)
            return call;
    }
    return NULL;
}

static gint by_posting(gconstpointer a, gconstpointer b)
{
    const struct message *one = *(struct message *const *)a, *other = *(struct message *const *)b;
    return one->receive.posted < other->receive.posted
               ? -1
               : one->receive.posted > other->receive.posted;
}

static void ask_message(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    const int start = g_rand_int_range(viva->random, 0, run->ranks);
    for (int i = 0; i < run->ranks; i++) {
        const int rank = (start + i) % run->ranks;
        g_autoptr(GPtrArray) messages = g_ptr_array_new();
        for (int m = 0; m < run->matching->count; m++)
            if (is_received_in_step(run, &run->matching->message[m], rank))
                g_ptr_array_add(messages, &run->matching->message[m]);
        if (messages->len == 0)
            continue;
        g_ptr_array_sort(messages, by_posting);
        const guint k = (guint)g_rand_int_range(viva->random, 0, (gint32)messages->len);
        const struct message *message = messages->pdata[k];
        g_autofree char *receive =
                            viva_place(run, &run->logs[rank].record[message->receive.posted]),
                        *send = viva_place(
                            run, &run->logs[message->source].record[message->send.posted]);
        viva_ask(viva, "message", call_at(viva, rank, message->receive.posted),
                 g_strdup_printf("Which message is number %u of those that your rank %d receives "
                                 "in this step (%s, run %d, %d "
                                 "ranks)? From whom, with which tag and how many bytes, what is in "
                                 "it, and why is that its place?",
                                 k + 1, rank, run->check, run->number, run->ranks),
                 g_strdup_printf("Of %u: from rank %d, tag %d, %" G_GUINT64_FORMAT
                                 " bytes; its receive is %s, its send %s.",
                                 messages->len, message->source, message->tag,
                                 (guint64)message->send.bytes, receive, send),
                 "Sends and receives of all ranks' logs were matched by MPI's rules.");
        return;
    }
}

/* ---- collectives ------------------------------------------------------------------------------------ */

static void ask_collective(struct viva *viva)
{
    const struct viva_run *run = viva->run;
    const int rank = g_rand_int_range(viva->random, 0, run->ranks);
    g_autoptr(GArray) calls = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < viva->calls[rank]->len; i++) {
        const struct viva_call *call = VIVA_CALL(viva->calls, rank, i);
        if (run->collectives->by_record[rank][call->begin] != NO_COLLECTIVE && *call->file &&
            log_is_collective(run->logs[rank].record[call->begin].operation))
            g_array_append_val(calls, i);
    }
    if (calls->len == 0)
        return;
    const guint drawn = (guint)g_rand_int_range(viva->random, 0, (gint32)calls->len);
    const struct viva_call *call = VIVA_CALL(viva->calls, rank, g_array_index(calls, guint, drawn));
    const struct collective *collective =
        &run->collectives->collective[run->collectives->by_record[rank][call->begin]];
    g_autofree char *among = group_among(collective->group, run->ranks);
    viva_ask(
        viva, "collective", call,
        g_strdup_printf("Your rank %d calls %s. Who takes part in this, how many bytes does each "
                        "put in, and what does "
                        "each have afterwards? What would the same cost in messages of your own?",
                        rank, call->place),
        g_strdup_printf("It goes on %s; rank %d puts in %" G_GUINT64_FORMAT " bytes%s.", among,
                        rank, (guint64)run->logs[rank].record[call->begin].bytes,
                        collectives_reduces(collective->operation)
                            ? ", and they are reduced element by element"
                            : ""),
        "The calls of all ranks' logs on each communicator were put together, the n-th with the "
        "n-th.");
}

void viva_ask_messages(struct viva *viva)
{
    ask_message(viva);
    ask_collective(viva);
}

/* ---- lines --------------------------------------------------------------------------------------------- */

struct own_line {
    char *file, *text;
    int line;
};

static void own_line_free(void *data)
{
    struct own_line *own = data;
    g_free(own->file);
    g_free(own->text);
    g_free(own);
}

static bool is_worth_it(const char *line)
{
    return strlen(line) >= 12 && strchr(line, '(') && !g_str_has_prefix(line, "#") &&
           !g_str_has_prefix(line, "/") && !g_str_has_prefix(line, "*") && !strstr(line, "todo(") &&
           (g_str_has_suffix(line, ";") || g_str_has_suffix(line, "{") || strstr(line, "for ("));
}

static void add_lines_of(const struct viva_run *run, const char *name, GPtrArray *lines)
{
    g_autofree char *path = g_build_filename(run->submission, name, NULL),
                    *given = g_build_filename(run->skeleton, name, NULL), *text = NULL,
                    *skeleton = NULL;
    gsize length;
    if (!g_str_has_suffix(name, ".c") || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
        !g_file_get_contents(path, &text, &length, NULL) || length > TEXT_MOST_BYTES)
        return;
    if (!g_file_get_contents(given, &skeleton, NULL, NULL))
        skeleton = g_strdup("");
    g_autofree char *clean = text_clean(text, length, TEXT_MOST_BYTES);
    g_auto(GStrv) line = g_strsplit(clean, "\n", -1);
    for (int i = 0; line[i]; i++) {
        const char *bare = g_strstrip(line[i]);
        if (!is_worth_it(bare) || strstr(skeleton, bare))
            continue;
        struct own_line *own = g_new(struct own_line, 1);
        *own = (struct own_line){g_strdup(name), g_strdup(bare), i + 1};
        g_ptr_array_add(lines, own);
    }
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How often the trace passes the line, and on which ranks. */
static char *seen_of(const struct viva *viva, const struct own_line *own)
{
    guint times = 0;
    g_autoptr(GString) ranks = g_string_new(NULL);
    for (int rank = 0; viva->calls && rank < viva->run->ranks; rank++) {
        guint here = 0;
        for (guint i = 0; i < viva->calls[rank]->len; i++) {
            const struct viva_call *call = VIVA_CALL(viva->calls, rank, i);
            here += call->line == own->line && strcmp(call->file, own->file) == 0;
        }
        if (here > 0)
            g_string_append_printf(ranks, "%s%d", times > 0 ? ", " : "", rank);
        times += here;
    }
    if (times == 0)
        return g_strdup("This is for you to judge: what is it for, what would happen without it, "
                        "what does each of its "
                        "arguments mean?");
    return g_strdup_printf("In the step of this run the line calls MPI %u times, on rank%s %s. "
                           "What is it for, what would "
                           "happen without it, what does each of its arguments mean?",
                           times, strchr(ranks->str, ',') ? "s" : "", ranks->str);
}

void viva_ask_lines(struct viva *viva)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(own_line_free);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GDir *folder = g_dir_open(viva->run->submission, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder)) != NULL;)
        g_ptr_array_add(names, g_strdup(name));
    if (folder)
        g_dir_close(folder);
    g_ptr_array_sort(names, by_name);
    for (guint i = 0; i < names->len; i++)
        add_lines_of(viva->run, names->pdata[i], lines);
    for (int i = 0; i < 2 && lines->len > 0; i++) {
        const guint drawn = (guint)g_rand_int_range(viva->random, 0, (gint32)lines->len);
        const struct own_line *own = lines->pdata[drawn];
        const struct viva_call about = {.file = own->file, .line = own->line};
        viva_ask(viva, "line", &about,
                 g_strdup_printf("%s:%d: explain this line of yours.", own->file, own->line),
                 seen_of(viva, own),
                 "A line of the student's that is not in the skeleton, drawn; its calls were "
                 "counted in the logs.");
        g_ptr_array_remove_index(lines, drawn);
    }
}

/* ---- failures -------------------------------------------------------------------------------------------- */

static void ask_cause(struct viva *viva, const json_t *cause)
{
    const char *check = json_string_value(json_object_get(cause, "check")),
               *mistake = json_string_value(json_object_get(cause, "mistake")),
               *seen = json_string_value(json_object_get(cause, "seen"));
    if (!check || !seen)
        return;
    viva_ask(viva, "failure", NULL,
             g_strdup_printf("The check %s does not pass: \"%s\". How would you find out why, and "
                             "in which function would you "
                             "look first?",
                             check, seen),
             mistake ? g_strdup_printf("The evidence fits a known mistake: **%s**.", mistake)
                     : g_strdup("The evidence fits no known mistake; the student's report has what "
                                "was compared."),
             "From the grade: what the check saw, and the mistake that fits it.");
}

void viva_ask_failures(struct viva *viva)
{
    const json_t *causes = json_object_get(viva->run->record, "causes");
    for (size_t i = 0; i < json_array_size(causes) && i < 2; i++)
        ask_cause(viva, json_array_get(causes, i));
    if (viva->run->check && viva->before.deadlock)
        viva_ask(viva, "deadlock", NULL,
                 g_strdup_printf("This run (%s, run %d, %d ranks) never ends. Draw who waits for "
                                 "whom. Which one call would you "
                                 "move, and where to?",
                                 viva->run->check, viva->run->number, viva->run->ranks),
                 g_strdup_printf("%s.", viva->before.waits),
                 "The logs as they are were replayed until nobody could go on.");
}
