/* Which questions are asked; see question.h. */
#include "class/viva/question.h"

#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

void viva_question_free(void *data)
{
    struct viva_question *question = data;
    g_free(question->ask);
    g_free(question->answer);
    g_free(question->file);
    g_free(question);
}

void viva_ask(struct viva *viva, const char *kind, const struct viva_call *about, char *ask,
              char *answer, const char *how)
{
    struct viva_question *question = g_new0(struct viva_question, 1);
    *question = (struct viva_question){.kind = kind,
                                       .ask = ask,
                                       .answer = answer,
                                       .how = how,
                                       .file = g_strdup(about ? about->file : ""),
                                       .line = about ? about->line : 0};
    g_ptr_array_add(viva->questions, question);
}

/* The same for the same files, whoever asks and when. */
static guint32 seed_of(const struct viva_run *run)
{
    const char *sum = json_string_value(json_object_get(run->record, "submission"));
    g_autofree char *start = g_strndup(sum ? sum : "", 8);
    return (guint32)strtoul(start, NULL, 16);
}

/* One of each kind first, then second ones, until there are enough; in the order of the kinds. */
static GPtrArray *chosen(GPtrArray *all, guint most)
{
    GPtrArray *some = g_ptr_array_new_with_free_func(viva_question_free);
    g_autofree guint *round = g_new0(guint, all->len + 1);
    for (guint i = 0; i < all->len; i++)
        for (guint j = 0; j < i; j++)
            round[i] += strcmp(((struct viva_question *)all->pdata[i])->kind,
                               ((struct viva_question *)all->pdata[j])->kind) == 0;
    g_autofree bool *taken = g_new0(bool, all->len + 1);
    guint count = 0;
    for (guint r = 0; r < 2; r++)
        for (guint i = 0; i < all->len && count < most; i++)
            if (round[i] == r) {
                taken[i] = true;
                count++;
            }
    for (guint i = 0; i < all->len; i++)
        if (taken[i])
            g_ptr_array_add(some, all->pdata[i]);
        else
            viva_question_free(all->pdata[i]);
    return some;
}

GPtrArray *viva_questions(const struct viva_run *run, guint most)
{
    struct viva viva = {.run = run, .questions = g_ptr_array_new()};
    viva.random = g_rand_new_with_seed(seed_of(run));
    if (run->check) {
        viva.calls = viva_calls_new(run);
        viva.before = viva_replay(run, run->logs);
    }
    viva_ask_failures(&viva);
    if (run->check && !viva.before.deadlock) {
        viva_ask_swaps(&viva);
        viva_ask_synchronous(&viva);
        viva_ask_left_out(&viva);
        viva_ask_waits(&viva);
        viva_ask_messages(&viva);
        viva_ask_in_flight(&viva);
        viva_ask_fewer(&viva);
        viva_ask_slower(&viva);
    }
    viva_ask_lines(&viva);
    GPtrArray *some = chosen(viva.questions, most);
    if (run->check) {
        viva_calls_free(viva.calls, run->ranks);
        viva_outcome_clear(&viva.before);
    }
    g_ptr_array_unref(viva.questions);
    g_rand_free(viva.random);
    return some;
}

/* A name that a log's line led to is looked for in the student's folder alone. */
char *viva_excerpt(const struct viva_run *run, const char *file, int line, int around)
{
    g_autofree char *path = g_build_filename(run->submission, file, NULL), *text = NULL;
    gsize length;
    if (!*file || strchr(file, '/') || line < 1 || !g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
        !g_file_get_contents(path, &text, &length, NULL) || length > TEXT_MOST_BYTES)
        return NULL;
    g_autofree char *clean = text_clean(text, length, TEXT_MOST_BYTES);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    const int count = (int)g_strv_length(lines);
    if (line > count)
        return NULL;
    GString *excerpt = g_string_new(NULL);
    for (int i = MAX(1, line - around); i <= MIN(count, line + around); i++)
        g_string_append_printf(excerpt, "%s%4d  %s\n", i == line ? ">" : " ", i, lines[i - 1]);
    return g_string_free(excerpt, FALSE);
}
