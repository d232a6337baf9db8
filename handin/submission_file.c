/* Writing submission.md: see submission_file.h. */
#include "handin/submission_file.h"

#include "grader/text/text.h"

#include <string.h>

void submission_file_append_code(GString *markdown, const char *language, const char *text)
{
    g_autofree char *clean = text_clean(text, strlen(text), TEXT_MOST_BYTES);
    text_append_code_in(markdown, language, clean);
}

/* Does another question before this one show the file already? Its name, or NULL. */
static const char *shown_under(const struct submission_file *file,
                               const struct handed_in_file *code, const char *question)
{
    for (guint i = 0; i < file->questions->len; i++) {
        const char *other = file->questions->pdata[i];
        if (g_str_equal(other, question))
            return NULL;
        if (rubric_lists_question(code->question, other))
            return other;
    }
    return NULL;
}

static bool is_code(const struct handed_in_file *file)
{
    return !g_str_has_suffix(file->name, ".md");
}

static bool has_code(const struct submission_file *file, const char *question)
{
    for (guint i = 0; i < file->handed_in->files->len; i++) {
        const struct handed_in_file *code = HANDED_IN_FILES(file->handed_in, i);
        if (is_code(code) && rubric_lists_question(code->question, question))
            return true;
    }
    return false;
}

static void append_file(GString *markdown, const struct handed_in_file *code)
{
    g_string_append_printf(markdown, "`%s`:\n\n", code->name);
    submission_file_append_code(markdown, "c", code->text);
    g_string_append(markdown, "\n");
}

static void append_question(const struct submission_file *file, const char *question,
                            GString *markdown)
{
    const struct section *section = sections_find(file->sections, question);
    g_string_append_printf(markdown, "## %s%s", question, section && *section->title ? ": " : "");
    if (section)
        text_append_plain(markdown, section->title);
    g_string_append(markdown, "\n\n");
    if (section && !section_is_empty(section))
        g_string_append_printf(markdown, "%s\n\n", section->text);
    else if (!has_code(file, question))
        g_string_append(markdown, "*(No answer.)*\n\n");
    for (guint i = 0; i < file->handed_in->files->len; i++) {
        const struct handed_in_file *code = HANDED_IN_FILES(file->handed_in, i);
        if (!is_code(code) || !rubric_lists_question(code->question, question))
            continue;
        const char *before = shown_under(file, code, question);
        if (before)
            g_string_append_printf(markdown, "`%s` stands under %s.\n\n", code->name, before);
        else
            append_file(markdown, code);
    }
}

/* Code that belongs to no question is handed in, too. */
static void append_other_code(const struct submission_file *file, GString *markdown)
{
    bool any = false;
    for (guint i = 0; i < file->handed_in->files->len; i++) {
        const struct handed_in_file *code = HANDED_IN_FILES(file->handed_in, i);
        if (!is_code(code) || (code->question && *code->question))
            continue;
        if (!any)
            g_string_append(markdown, "## Other files\n\n");
        any = true;
        append_file(markdown, code);
    }
}

static bool append_picture(const char *path, GString *markdown, GString *problems)
{
    g_autofree char *bytes = NULL;
    gsize length;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &bytes, &length, &error)) {
        g_string_append_printf(problems, "%s\n", error->message);
        return false;
    }
    g_autofree char *text = g_base64_encode((const guchar *)bytes, length);
    g_string_append_printf(markdown,
                           "![Loss and accuracy of every curve over the steps, the one-process "
                           "curve in black](data:image/png;base64,%s)\n\n",
                           text);
    return true;
}

/* Who reads the file should know, too, that a curve is missing. */
static void append_left_out(const struct submission_file *file, GString *markdown)
{
    if (!file->left_out || !*file->left_out)
        return;
    g_autofree char *text = g_strchomp(g_strdup(file->left_out));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_string_append(markdown, "* ");
        text_append_plain(markdown, *line);
        g_string_append(markdown, "\n");
    }
    g_string_append(markdown, "\n");
}

static bool append_curves(const struct submission_file *file, GString *markdown, GString *problems)
{
    if (!file->how_to_train)
        return true;
    g_string_append(markdown, "## Learning curves\n\n");
    append_left_out(file, markdown);
    if (!file->curves) {
        g_string_append_printf(markdown,
                               "There is no learning curve. This makes one, and "
                               "`make submission` then puts it here:\n\n    %s\n",
                               file->how_to_train);
        return true;
    }
    if (file->curves->has_reference)
        g_string_append(markdown,
                        "Beside the curve of the whole model in one process. Rounding alone "
                        "makes two correct runs drift apart slowly: the first steps show "
                        "whether they are the same computation.\n\n");
    if (file->picture && !append_picture(file->picture, markdown, problems))
        return false;
    learning_curves_table(file->curves, markdown);
    return true;
}

bool submission_file_write(const struct submission_file *file, GString *markdown, GString *problems)
{
    g_string_append_printf(markdown, "# Submission: %s\n\n", file->assignment);
    for (guint i = 0; i < file->questions->len; i++)
        append_question(file, file->questions->pdata[i], markdown);
    append_other_code(file, markdown);
    return append_curves(file, markdown, problems);
}

char *submission_file_unanswered(const struct submission_file *file)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < file->questions->len; i++) {
        const char *question = file->questions->pdata[i];
        const struct section *section = sections_find(file->sections, question);
        if ((!section || section_is_empty(section)) && !has_code(file, question))
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", question);
    }
    return g_string_free(list, FALSE);
}
