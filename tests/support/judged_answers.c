/* Judges of answers.md; see judged_answers.h. */
#include "tests/support/judged_answers.h"
#include "tests/support/test.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64];

void judged_answers_begin(void)
{
    strcpy(folder, "/tmp/answers-XXXXXX");
    ck_assert_ptr_nonnull(g_mkdtemp(folder));
}

void judged_answers_end(void)
{
    g_autofree char *path = g_build_filename(folder, "answers.md", NULL);
    g_unlink(path);
    g_rmdir(folder);
}

void judged_answers_expect(judge_function *judge, const char *content, enum verdict_kind kind,
                           const char *says)
{
    g_autofree char *path = g_build_filename(folder, "answers.md", NULL);
    if (content)
        ck_assert(g_file_set_contents(path, content, -1, NULL));
    else
        g_unlink(path); /* of an earlier call */
    struct verdict *verdict = verdict_new();
    judge(&(struct judgement){.submission = folder}, verdict);
    ck_assert_msg(verdict->kind == kind, "%s: %s", content ? content : "no file",
                  verdict->headline->str);
    ck_assert_msg(
        !says || strstr(verdict->headline->str, says) || strstr(verdict->explanation->str, says),
        "\"%s\" is not in \"%s\", \"%s\"", says, verdict->headline->str, verdict->explanation->str);
    verdict_free(verdict);
}
