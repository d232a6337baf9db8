/* handin pack: the archive and the one Markdown file. */
#include "grader/answers/answers.h"
#include "handin/archive.h"
#include "handin/handin.h"
#include "handin/submission_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is read before anything is written. */
struct packing {
    struct rubric *rubric;
    struct handed_in *handed_in;
    GPtrArray *questions;
    GPtrArray *sections;
    struct learning_curves *curves;
    bool drawn;
    GString *warnings; /* about what is left out; it stops nobody */
};

static void clear_packing(struct packing *packing)
{
    g_string_free(packing->warnings, TRUE);
    learning_curves_free(packing->curves);
    g_clear_pointer(&packing->sections, g_ptr_array_unref);
    g_clear_pointer(&packing->questions, g_ptr_array_unref);
    handed_in_free(packing->handed_in);
    if (packing->rubric)
        rubric_free(packing->rubric);
}

static bool read_answers(struct packing *packing, GString *problems)
{
    const char *folder = packing->handed_in->place->folder;
    packing->questions = rubric_questions(packing->rubric);
    const struct handed_in_file *file = handed_in_answers(packing->handed_in);
    g_autofree char *path = g_build_filename(folder, file ? file->name : "", NULL);
    packing->sections = sections_split(path, file ? file->text : "", packing->questions, problems);
    return packing->sections;
}

static bool read_everything(const struct handin_options *options, struct packing *packing,
                            GString *problems)
{
    g_autofree char *rubric_path =
        g_build_filename("assignments", options->assignment, "rubric.cfg", NULL);
    packing->rubric = rubric_load(rubric_path, problems);
    if (!packing->rubric)
        return false;
    packing->handed_in = handed_in_read(options->submission, packing->rubric, problems);
    return packing->handed_in && read_answers(packing, problems) &&
           handin_curves(options, &packing->curves, &packing->drawn, packing->warnings, problems);
}

/* Says which of the student's files still have a TODO of the skeleton in them. */
static void mention_todos(const struct handed_in *handed_in)
{
    for (guint i = 0; i < handed_in->files->len; i++) {
        const struct handed_in_file *file = HANDED_IN_FILES(handed_in, i);
        if (handed_in_has_todo(file))
            printf("note: %s still has its TODO.\n", file->name);
    }
}

/* Is the answer read by the grader itself? It says then what is missing. */
static bool is_judged(const struct rubric *rubric, const char *question)
{
    for (guint i = 0; i < rubric->checks->len; i++) {
        const struct rubric_check *check = RUBRIC_CHECKS(rubric, i);
        if (check->judge && rubric_lists_question(check->question, question))
            return true;
    }
    return false;
}

/* Says which sections that a person will read have nothing but the question in them. */
static void mention_unwritten(const struct handin_options *options, const struct packing *packing)
{
    const char *folder = packing->handed_in->place->folder;
    g_autofree char *untouched = g_build_filename("skeleton", options->assignment, NULL);
    for (guint i = 0; i < packing->questions->len; i++) {
        const char *question = packing->questions->pdata[i];
        g_autoptr(GString) what = g_string_new(NULL);
        if (sections_find(packing->sections, question) && !is_judged(packing->rubric, question) &&
            answers_written(folder, untouched, question, packing->questions, what) !=
                ANSWERS_WRITTEN)
            printf("note: %s.\n", what->str);
    }
}

static bool write_markdown(const struct submission_file *file, const char *path, GString *problems)
{
    g_autoptr(GString) markdown = g_string_new(NULL);
    if (!submission_file_write(file, markdown, problems))
        return false;
    g_autoptr(GError) error = NULL;
    if (g_file_set_contents(path, markdown->str, (gssize)markdown->len, &error))
        return true;
    g_string_append_printf(
        problems, "%s. See that its folder can be written to, and that its disk has space.\n",
        error->message);
    return false;
}

static bool write_everything(const struct handin_options *options, const struct packing *packing,
                             GString *problems)
{
    if (g_mkdir_with_parents(options->out, 0755) != 0) {
        g_string_append_printf(problems,
                               "%s can't be made: %s. See that the folder above it can be written "
                               "to, and that its disk has space.\n",
                               options->out, strerror(errno));
        return false;
    }
    g_autofree char *archive_name = g_strconcat(options->assignment, ".tar.gz", NULL);
    g_autofree char *archive_path = g_build_filename(options->out, archive_name, NULL);
    g_autofree char *markdown_path = g_build_filename(options->out, "submission.md", NULL);
    g_autofree char *picture = g_build_filename(options->curves, "curves.png", NULL);
    g_autofree char *how = handin_has_curves(options) ? handin_how_to_train(options) : NULL;
    const struct submission_file file = {.assignment = options->assignment,
                                         .handed_in = packing->handed_in,
                                         .questions = packing->questions,
                                         .sections = packing->sections,
                                         .curves = packing->curves,
                                         .left_out = packing->warnings->str,
                                         .picture = packing->drawn ? picture : NULL,
                                         .how_to_train = how};
    if (!archive_write(packing->handed_in, options->assignment, archive_path, problems) ||
        !write_markdown(&file, markdown_path, problems))
        return false;
    handin_warn(packing->warnings);
    if (packing->handed_in->place->note)
        printf("note: %s\n", packing->handed_in->place->note);
    mention_todos(packing->handed_in);
    mention_unwritten(options, packing);
    g_autofree char *unanswered = submission_file_unanswered(&file);
    if (*unanswered)
        printf("note: without an answer: %s\n", unanswered);
    if (!packing->curves && how)
        printf("note: no learning curve%s in %s. This makes one; then run this again:\n    %s\n",
               packing->warnings->len > 0 ? " that can be used" : "", options->curves, how);
    printf("%s: %u files\n%s: answers, code%s\n", archive_path, packing->handed_in->files->len,
           markdown_path, packing->curves ? " and learning curves" : "");
    return true;
}

int handin_pack(const struct handin_options *options)
{
    g_autoptr(GString) problems = g_string_new(NULL);
    struct packing packing = {.warnings = g_string_new(NULL)};
    const bool done = read_everything(options, &packing, problems) &&
                      write_everything(options, &packing, problems);
    clear_packing(&packing);
    if (!done) {
        handin_complain(problems);
        fprintf(stderr, "handin: nothing was packed: mend that, and run this again.\n");
    }
    return done ? 0 : 1;
}
