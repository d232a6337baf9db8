/*
 * The second build of a submission: for the simulated cluster.
 *
 * What is missing or faulty was found out by the first build, so this one takes
 * the same files and the same stand-ins. What fails here alone is not the
 * submission's fault, but for a file that calls here alone what it may not, or asks
 * where it is compiled. It all happens in a process of its own, next to the first
 * checks; that process leaves the program, or a file that says why there is none.
 */
#include "grader/builder/builder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIMULATOR_SLOT (SANDBOX_SLOTS - 1) /* the others are for the checks: grade.c */

static void give_up(struct build *build, enum culprit culprit, char *trouble)
{
    build->simulated_trouble = trouble;
    build->simulated_culprit = culprit;
}

void builder_new_for_simulator(struct build *build, const struct builder *first,
                               struct workplace_flags flags, const char *work)
{
    struct builder *builder = g_new0(struct builder, 1);
    *builder = (struct builder){.build = build,
                                .rubric = first->rubric,
                                .course = first->course,
                                .from = first->from,
                                .flags = flags,
                                .library = "simulator",
                                .slot = SIMULATOR_SLOT,
                                .objects = g_build_filename(work, "simulator", NULL),
                                .stubs = first->stubs};
    build->builder = builder;
    if (!flags.compile)
        give_up(build, CULPRIT_NOBODY, g_strdup(BUILD_NO_SIMULATOR));
}

void builder_free_for_simulator(struct build *build)
{
    if (build->child.pid > 0) {
        kill(build->child.pid, SIGKILL);
        waitpid(build->child.pid, NULL, 0);
        close(build->child.pipe);
    }
    g_string_free(build->builder->stubs, TRUE);
    g_ptr_array_free(build->builder->course, TRUE);
    g_free(build->builder->objects);
    g_clear_pointer(&build->builder, g_free);
    g_free(build->simulated_program);
    g_free(build->simulated_trouble);
}

/* ---- in the process of its own ------------------------------------------------------------- */

/* What fails here alone is not the submission's fault: it compiled before. */
static enum culprit not_the_submission(enum culprit culprit)
{
    return culprit == CULPRIT_SUBMISSION ? CULPRIT_UNKNOWN : culprit;
}

/* Where it leaves for the grader's side what is wrong with a file here, and not on this computer, by what
 * the file itself says or calls. */
static char *refused_path(const struct builder *builder, guint file)
{
    return g_strdup_printf("%s.refused-%u", builder->objects, file);
}

static void refuse(const struct builder *builder, guint file, const char *why)
{
    g_autofree char *path = refused_path(builder, file);
    g_file_set_contents(path, why, -1, NULL);
}

static enum culprit compile_one(const struct builder *builder, const char *source, GString *trouble)
{
    char *messages = NULL;
    if (builder_take_object(builder, source))
        return CULPRIT_NOBODY;
    const enum culprit culprit = builder_compile(builder, source, &messages);
    if (culprit != CULPRIT_NOBODY)
        g_string_append_printf(trouble, "%s does not compile for the simulator: %s", source,
                               messages ? messages : "the compiler gave no reason");
    g_free(messages);
    return culprit;
}

/* An error that the simulator's mpi.h has no part in: the file asks where it is compiled. (The compiler shows
 * the line behind its number.) */
static bool is_own_error(const char *messages)
{
    return g_regex_match_simple("error: (#error|static assertion failed)|^ *\\d+ \\| *"
                                "(# *pragma +GCC +error|_Pragma)",
                                messages, G_REGEX_MULTILINE, 0);
}

/* It may be slower here, beside the first checks. */
static bool was_stopped(const char *messages)
{
    return strstr(messages, "The compiler was stopped on ");
}

static enum culprit compile_all(const struct builder *builder, GString *trouble)
{
    enum culprit culprit = CULPRIT_NOBODY;
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *source = collection_source(file->collected);
        if (builder_takes(file))
            culprit = compile_one(builder, source, trouble);
        if (culprit == CULPRIT_SUBMISSION && was_stopped(trouble->str)) {
            g_string_truncate(trouble, 0);
            culprit = compile_one(builder, source, trouble);
        }
        const bool stopped = was_stopped(trouble->str);
        if (culprit == CULPRIT_SUBMISSION && (stopped || is_own_error(trouble->str))) {
            g_autofree char *why = g_strdup_printf(
                "%s compiles on this computer only%s: the program must not know where it runs\n%s",
                file->collected->file->name, stopped ? "" : ", by what it says itself",
                trouble->str);
            refuse(builder, i, why);
        }
        if (culprit != CULPRIT_NOBODY)
            return not_the_submission(culprit);
    }
    return builder->stubs->len == 0
               ? culprit
               : not_the_submission(compile_one(builder, BUILDER_STUBS, trouble));
}

/* Does the object that was made in this folder of a source have this name? */
static bool has_name(const struct builder *builder, const char *folder,
                     const struct built_file *file, const char *name)
{
    g_autofree char *source = collection_source(file->collected);
    g_autofree char *object = builder_object_name(builder, source);
    g_autofree char *path = g_build_filename(folder, object, NULL);
    g_autofree char *content = NULL;
    gsize bytes = 0;
    return g_file_get_contents(path, &content, &bytes, NULL) &&
           memmem(content, bytes, name, strlen(name) + 1);
}

/* A function that the linker misses is none of MPI's, which the simulator may lack: a file brings it, or asks for it,
 * on one of the two machines only. The sentence about such a line, a new string, or NULL. */
static char *blame_for_line(const struct builder *builder, const struct built_file *file,
                            const char *line)
{
    g_autofree char *real = g_path_get_dirname(builder->build->program);
    g_autofree char *name = builder_undefined_symbol(line);
    if (!name || strstr(name, "MPI") || g_str_has_prefix(name, "smpi_") ||
        has_name(builder, real, file, name) == has_name(builder, builder->objects, file, name))
        return NULL;
    return g_strdup_printf(
        "%s has %s on one of the two machines only: the program must not know where it runs",
        file->collected->file->name, name);
}

/* The linker failed here only. */
static void blame_files(const struct builder *builder, const struct sandbox_result *result)
{
    const GArray *files = builder->build->files;
    g_auto(GStrv) lines = g_strsplit(result->output->str, "\n", -1);
    g_autofree bool *taken = g_new0(bool, files->len);
    for (guint i = 0; i < files->len; i++)
        taken[i] = builder_takes(BUILT_FILES(builder->build, i));
    builder_blame_by_trial(builder, result);
    for (guint i = 0; i < files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *why = NULL;
        if (!taken[i])
            continue;
        if (!file->links)
            why = g_strdup_printf("%s can be linked on this computer only: the program must not "
                                  "know where it runs\n%s",
                                  file->collected->file->name, file->messages);
        for (char **line = lines; *line && !why; line++)
            why = blame_for_line(builder, file, *line);
        if (why)
            refuse(builder, i, why);
    }
}

static enum culprit link_all(const struct builder *builder, GString *trouble)
{
    enum culprit culprit = CULPRIT_NOBODY;
    struct sandbox_result result = builder_link_once(builder);
    if (!sandbox_did(&result)) {
        sandbox_result_clear(&result);
        result = builder_link_once(builder);
    }
    if (!sandbox_did(&result)) {
        g_autoptr(GString) why = g_string_new(NULL);
        culprit = not_the_submission(
            builder_whose_fault(builder, BUILDER_LINKS, &result, "the linker failed", why));
        if (culprit != CULPRIT_MACHINE)
            blame_files(builder, &result);
        g_autofree char *messages = builder_messages(&result, "the program");
        g_string_append_printf(trouble, "the program can't be linked for the simulator: %s",
                               culprit == CULPRIT_MACHINE ? why->str
                               : messages                 ? messages
                                                          : "the linker gave no reason");
    }
    sandbox_result_clear(&result);
    return culprit;
}

/* A file that calls here alone what it may not is the submission's fault: it knows where it runs. */
static enum culprit look_at_calls(const struct builder *builder, GString *trouble)
{
    const struct build *build = builder->build;
    g_autofree bool *taken = g_new0(bool, build->files->len);
    for (guint i = 0; i < build->files->len; i++)
        taken[i] = builder_takes(BUILT_FILES(build, i));
    const enum culprit culprit = builder_look_at_calls(builder, NULL, trouble);
    if (culprit != CULPRIT_NOBODY)
        return culprit;
    for (guint i = 0; i < build->files->len; i++) {
        const char *refused = BUILT_FILES(build, i)->refused;
        if (!taken[i] || !refused)
            continue;
        g_string_append_printf(trouble, "%s%s", trouble->len > 0 ? "\n" : "", refused);
        refuse(builder, i, refused);
    }
    return trouble->len == 0 ? CULPRIT_NOBODY : CULPRIT_UNKNOWN;
}

static char *trouble_path(const struct builder *builder)
{
    return g_strconcat(builder->objects, ".trouble", NULL);
}

static enum culprit make_all(const struct builder *builder, GString *trouble)
{
    if (!sandbox_writable_folder(builder->objects, sandbox_user(builder->slot), trouble))
        return CULPRIT_MACHINE;
    enum culprit culprit = compile_all(builder, trouble);
    culprit = culprit == CULPRIT_NOBODY ? look_at_calls(builder, trouble) : culprit;
    return culprit == CULPRIT_NOBODY ? link_all(builder, trouble) : culprit;
}

static _Noreturn void build_it(const struct builder *builder)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* an interrupt from the keyboard is the grader's to handle */
    g_autoptr(GString) trouble = g_string_new(NULL);
    g_autofree char *program = g_build_filename(builder->objects, "program", NULL);
    enum culprit culprit = make_all(builder, trouble);
    if (culprit == CULPRIT_NOBODY && !workplace_seal(builder->objects, program)) {
        g_string_append_printf(trouble, "%s: %s", builder->objects, strerror(errno));
        culprit = CULPRIT_MACHINE;
    }
    g_autofree char *path = trouble_path(builder);
    if (culprit != CULPRIT_NOBODY)
        g_file_set_contents(path, trouble->str, -1, NULL);
    _exit((int)culprit);
}

/* ---- the grader's side ---------------------------------------------------------------------- */

void build_simulated_start(struct build *build)
{
    int ends[2];
    if (build->child.pid > 0 || build->simulated_program || build->simulated_trouble)
        return;
    if (!build->program) {
        give_up(build, build->culprit, g_strdup("the program could not be linked"));
        return;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        give_up(build, CULPRIT_MACHINE, g_strdup_printf("pipe: %s", strerror(errno)));
        return;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        build_it(build->builder);
    close(ends[1]);
    if (pid < 0) {
        give_up(build, CULPRIT_MACHINE, g_strdup_printf("fork: %s", strerror(errno)));
        close(ends[0]);
        return;
    }
    build->child = (struct build_child){pid, ends[0]};
}

bool build_simulated_done(struct build *build)
{
    int status;
    if (build->child.pid == 0)
        return true;
    if (waitpid(build->child.pid, &status, WNOHANG) == 0)
        return false;
    close(build->child.pipe);
    build->child = (struct build_child){0};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        build->simulated_program = g_build_filename(build->builder->objects, "program", NULL);
        return true;
    }
    g_autofree char *path = trouble_path(build->builder);
    char *trouble = NULL;
    if (!g_file_get_contents(path, &trouble, NULL, NULL))
        trouble = WIFSIGNALED(status)
                      ? g_strdup_printf("the build for the simulator was ended by signal %d (%s)",
                                        WTERMSIG(status), strsignal(WTERMSIG(status)))
                      : g_strdup("the build for the simulator broke off");
    const bool known = WIFEXITED(status) && WEXITSTATUS(status) <= CULPRIT_UNKNOWN;
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; /* not by the grader */
    give_up(build,
            known    ? (enum culprit)WEXITSTATUS(status)
            : killed ? CULPRIT_MACHINE
                     : CULPRIT_UNKNOWN,
            trouble);
    for (guint i = 0; i < build->files->len; i++) {
        g_autofree char *refused = refused_path(build->builder, i);
        g_file_get_contents(refused, &BUILT_FILES(build, i)->refused_simulated, NULL, NULL);
    }
    return true;
}
