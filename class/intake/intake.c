/* class intake; see intake.h. */
#include "class/intake/intake.h"

#include "class/intake/ids.h"
#include "class/intake/put.h"
#include "class/intake/session.h"
#include "class/intake/times.h"
#include "class/students/class.h"
#include "grader/kit_version.h"
#include "grader/sandbox/sandbox_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool read_kit(struct intake *intake, GString *error)
{
    intake->kit.rubrics = g_ptr_array_new_with_free_func((GDestroyNotify)rubric_free);
    for (guint i = 0; i < intake->assignments->len; i++) {
        const char *name = intake->assignments->pdata[i];
        g_autofree char *path =
            g_build_filename(intake->options->kit, "assignments", name, "rubric.cfg", NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
            g_string_append_printf(error, "there is no assignment \"%s\": %s is not there\n", name,
                                   path);
            return false;
        }
        struct rubric *rubric = rubric_load(path, error);
        if (!rubric)
            return false;
        g_ptr_array_add(intake->kit.rubrics, rubric);
    }
    return true;
}

/* Two calls at a time would take each other's folders. The lock is given back when the program ends. */
static bool lock(const char *out, GString *error)
{
    g_autofree char *students = g_build_filename(out, "students", NULL);
    g_autofree char *path = g_build_filename(out, ".intake.lock", NULL);
    if (g_mkdir_with_parents(students, 0755) != 0) {
        g_string_append_printf(error, "%s can't be made: %s\n", students, strerror(errno));
        return false;
    }
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0)
        return true;
    g_string_append_printf(
        error, "%s: %s\n", path,
        errno == EWOULDBLOCK
            ? "another make class takes submissions in here at the moment; wait for it"
            : strerror(errno));
    return false;
}

/* What is written must not be taken for what was handed in. */
static bool are_apart(const struct intake_options *options, GString *error)
{
    g_autofree char *from = g_canonicalize_filename(options->submissions, NULL);
    g_autofree char *to = g_canonicalize_filename(options->out, NULL);
    g_autofree char *begin = g_strconcat(from, "/", NULL);
    if (strcmp(from, to) != 0 && !g_str_has_prefix(to, begin))
        return true;
    g_string_append_printf(error, "OUT=%s lies in SUBMISSIONS=%s: name a folder outside of it\n",
                           to, from);
    return false;
}

static bool write_class(const struct intake *intake, GString *error)
{
    struct class *class = class_new();
    if (intake->policy->course) {
        g_free(class->title);
        class->title = g_strdup(intake->policy->course);
    }
    class->submissions = g_canonicalize_filename(intake->options->submissions, NULL);
    for (guint i = 0; i < intake->assignments->len; i++)
        g_ptr_array_add(class->assignments, g_strdup(intake->assignments->pdata[i]));
    class->deadline =
        intake->policy->has_deadline ? intake_time_utc(intake->policy->deadline) : NULL;
    class->taken_in_at = class_now();
    class->kit = grader_kit_version(intake->options->build_folder);
    const bool written = class_write(class, intake->options->out, error);
    class_free(class);
    return written;
}

static bool run(struct intake *intake, GString *error)
{
    const struct intake_options *options = intake->options;
    if (!are_apart(options, error) || !read_kit(intake, error))
        return false;
    intake->policy = intake_policy_read(options->policy, intake->assignments, error);
    if (!intake->policy)
        return false;
    intake->people =
        intake_people_read(options->roster, options->extensions, intake->policy->zone, error);
    if (!intake->people)
        return false;
    intake->handed = intake_handed_read(options->submissions, intake->assignments, intake->people,
                                        intake->policy, intake->remarks, error);
    if (!intake->handed || !lock(options->out, error))
        return false;
    intake->ids = intake_ids_read(options->out, error);
    if (!intake->ids || !workplace_make_folder(&intake->workplace, error))
        return false;
    intake->kit.work = intake->workplace.work;
    workplace_claim_folder(intake->workplace.work);
    for (guint i = 0; i < intake->handed->len; i++) {
        const struct intake_handed *handed = intake->handed->pdata[i];
        intake_ids_give(intake->ids, handed->key, handed->wanted);
    }
    if (!intake_ids_write(intake->ids, options->out, error) || !write_class(intake, error))
        return false;
    intake_put_sweep(options->out);
    intake_take_in(intake);
    intake_tell(intake);
    return intake->trouble->len == 0;
}

static void clear(struct intake *intake)
{
    g_autoptr(GString) left = g_string_new(NULL);
    if (intake->workplace.work && !sandbox_remove(intake->workplace.work, left))
        fprintf(stderr, "class intake: %s\n", left->str);
    g_free(intake->workplace.work);
    g_free(intake->workplace.elsewhere);
    intake_policy_free(intake->policy);
    intake_people_free(intake->people);
    g_clear_pointer(&intake->kit.rubrics, g_ptr_array_unref);
    g_clear_pointer(&intake->handed, g_ptr_array_unref);
    g_ptr_array_unref(intake->students);
    g_ptr_array_unref(intake->assignments);
    json_decref(intake->ids);
    g_free(intake->names);
    g_string_free(intake->remarks, TRUE);
    g_string_free(intake->trouble, TRUE);
}

/* Each once, in their order. */
static GPtrArray *words_of(const char *text)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit_set(text, " \t,", -1);
    for (guint i = 0; parts[i]; i++)
        if (*parts[i] && !g_ptr_array_find_with_equal_func(words, parts[i], g_str_equal, NULL))
            g_ptr_array_add(words, g_strdup(parts[i]));
    return words;
}

static char *joined(const GPtrArray *words)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < words->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", (char *)words->pdata[i]);
    return g_strdup(text->str);
}

int intake_command(int argc, char **argv)
{
    struct intake_options options = {NULL};
    g_autoptr(GString) error = g_string_new(NULL);
    enum command_status status = COMMAND_USAGE;
    workplace_set_up_process();
    if (intake_options_parse(&options, &argc, &argv)) {
        struct intake intake = {.options = &options,
                                .assignments = words_of(options.assignments),
                                .students =
                                    g_ptr_array_new_with_free_func((GDestroyNotify)student_free),
                                .remarks = g_string_new(NULL),
                                .trouble = g_string_new(NULL)};
        intake.names = joined(intake.assignments);
        status = run(&intake, error) ? COMMAND_DONE : COMMAND_FAILED;
        clear(&intake);
    }
    if (error->len > 0)
        fprintf(stderr, "%s%s", error->str, g_str_has_suffix(error->str, "\n") ? "" : "\n");
    intake_options_clear(&options);
    return (int)status;
}
