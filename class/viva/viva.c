/* class viva; see viva.h. */
#include "class/viva/viva.h"

#include "class/students/class.h"
#include "class/students/records.h"
#include "class/viva/sheet.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>

enum { MOST_QUESTIONS = 10 };

struct words {
    char *out, *id, *assignment, *kit, *build_folder, *check;
    gint64 seed;
};

static bool read_words(int argc, char **argv, struct words *words)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &words->out, "the folder of the class", "FOLDER"},
        {"id", 'i', 0, G_OPTION_ARG_STRING, &words->id, "whose program", "ID"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &words->assignment, "which one (all)", "NAME"},
        {"check", 'c', 0, G_OPTION_ARG_STRING, &words->check,
         "ask about runs of these checks (all)", "NAMES"},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &words->seed, "the seed of every run (drawn)", "NUMBER"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &words->kit, "the kit (.)", "FOLDER"},
        {"build-folder", 0, 0, G_OPTION_ARG_FILENAME, &words->build_folder,
         "where it was built (build)", "FOLDER"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- makes questions for an oral examination");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, &argc, &argv, &wrong) && words->out && words->id &&
        argc == 1 && student_is_id(words->id))
        return true;
    fprintf(stderr, "class viva: %s\n",
            wrong ? wrong->message : "whose? --out FOLDER --id ID, of class show's list");
    return false;
}

static bool write_sheet(const struct words *words, const struct student *student,
                        const struct viva_run *run, const char *name, GString *error)
{
    g_autoptr(GPtrArray) questions = viva_questions(run, MOST_QUESTIONS);
    g_autofree char *folder = g_build_filename(words->out, "viva", NULL),
                    *html = g_strdup_printf("%s/%s.html", folder, name),
                    *markdown = g_strdup_printf("%s/%s.md", folder, name),
                    *page = viva_page(student, run, questions),
                    *sheet = viva_sheet(student, run, questions);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_string_append_printf(error, "%s: %s\n", folder, g_strerror(errno));
        return false;
    }
    const bool written =
        record_write_text(html, page, -1, error) && record_write_text(markdown, sheet, -1, error);
    if (written)
        printf("%s: %u questions: %s\n", name, questions->len, html);
    return written;
}

static bool ask_one(const struct words *words, const struct student *student,
                    const char *assignment, bool several, GString *error)
{
    const struct viva_wish wish = {.kit = words->kit ? words->kit : ".",
                                   .build_folder =
                                       words->build_folder ? words->build_folder : "build",
                                   .check = words->check,
                                   .seed = words->seed};
    g_autofree char *name =
        several ? g_strdup_printf("%s-%s", student->id, assignment) : g_strdup(student->id);
    struct viva_run *run = viva_run_new(student, assignment, &wish, error);
    const bool written = run && write_sheet(words, student, run, name, error);
    viva_run_free(run);
    return written;
}

static bool ask_all(const struct words *words, GString *error)
{
    struct class *class = class_read(words->out, error);
    struct student *student = class ? student_read(words->out, words->id, error) : NULL;
    bool done = student != NULL;
    if (student && words->assignment)
        done = ask_one(words, student, words->assignment, false, error);
    for (guint i = 0; student && !words->assignment && i < class->assignments->len; i++)
        done = ask_one(words, student, class->assignments->pdata[i], class->assignments->len > 1,
                       error) &&
               done;
    student_free(student);
    class_free(class);
    return done;
}

int viva_command(int argc, char **argv)
{
    struct words words = {0};
    int status = COMMAND_USAGE;
    if (read_words(argc, argv, &words)) {
        g_autoptr(GString) error = g_string_new(NULL);
        status = ask_all(&words, error) ? COMMAND_DONE : COMMAND_FAILED;
        fputs(error->str, stderr);
    }
    g_free(words.out);
    g_free(words.id);
    g_free(words.assignment);
    g_free(words.kit);
    g_free(words.build_folder);
    g_free(words.check);
    return status;
}
