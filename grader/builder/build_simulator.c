/*
 * The second build of a submission: for the simulated cluster.
 *
 * What is missing or faulty was found out by the first build, so this one takes
 * the same files and the same stand-ins. What fails here alone is not the
 * submission's fault, but for a file that calls here alone what it may not. It all happens in a process of its own, next to the first
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

void builder_new_for_simulator(struct build *build, const struct builder *first,
                               struct build_flags flags, const char *work)
{
    struct builder *builder = g_new0(struct builder, 1);
    *builder = (struct builder){.build = build,
                                .rubric = first->rubric,
                                .course = first->course,
                                .flags = flags,
                                .library = "simulator",
                                .slot = SIMULATOR_SLOT,
                                .objects = g_build_filename(work, "simulator", NULL),
                                .stubs = first->stubs};
    build->builder = builder;
    if (!flags.compile)
        build->simulated_trouble = g_strdup(BUILD_NO_SIMULATOR);
}

void builder_free_for_simulator(struct build *build)
{
    if (build->child.pid > 0) {
        kill(build->child.pid, SIGKILL);
        waitpid(build->child.pid, NULL, 0);
        close(build->child.pipe);
    }
    build_flags_clear(&build->builder->flags);
    g_string_free(build->builder->stubs, TRUE);
    g_ptr_array_free(build->builder->course, TRUE);
    g_free(build->builder->objects);
    g_clear_pointer(&build->builder, g_free);
    g_free(build->simulated_program);
    g_free(build->simulated_trouble);
}

/* ---- in the process of its own ------------------------------------------------------------- */

static bool compile_one(const struct builder *builder, const char *source, GString *trouble)
{
    char *messages = NULL;
    bool compiled = builder_compile(builder, source, &messages);
    if (!compiled)
        g_string_append_printf(trouble, "%s does not compile for the simulator: %s", source,
                               messages ? messages : "the compiler gave no reason");
    g_free(messages);
    return compiled;
}

static bool compile_all(const struct builder *builder, GString *trouble)
{
    for (guint i = 0; i < builder->build->files->len; i++) {
        const struct built_file *file = BUILT_FILES(builder->build, i);
        g_autofree char *source = collection_source(file->collected);
        if (builder_takes(file) && !compile_one(builder, source, trouble))
            return false;
    }
    return builder->stubs->len == 0 || compile_one(builder, BUILDER_STUBS, trouble);
}

static bool link_all(const struct builder *builder, GString *trouble)
{
    struct sandbox_result result = builder_link_once(builder);
    bool linked = result.end == SANDBOX_EXITED && result.status == 0;
    g_autofree char *messages = linked ? NULL : builder_messages(&result, "the program");
    if (!linked)
        g_string_append_printf(trouble, "the program can't be linked for the simulator: %s",
                               messages ? messages : "the linker gave no reason");
    sandbox_result_clear(&result);
    return linked;
}

/* Where it leaves for the grader's side what a file calls here and may not. */
static char *refused_path(const struct builder *builder, guint file)
{
    return g_strdup_printf("%s.refused-%u", builder->objects, file);
}

/* A file that calls here alone what it may not is the submission's fault: it knows where it runs. */
static bool look_at_calls(const struct builder *builder, GString *trouble)
{
    const struct build *build = builder->build;
    g_autofree bool *taken = g_new0(bool, build->files->len);
    for (guint i = 0; i < build->files->len; i++)
        taken[i] = builder_takes(BUILT_FILES(build, i));
    builder_look_at_calls(builder, NULL);
    for (guint i = 0; i < build->files->len; i++) {
        const char *refused = BUILT_FILES(build, i)->refused;
        g_autofree char *path = refused_path(builder, i);
        if (!taken[i] || !refused)
            continue;
        g_string_append_printf(trouble, "%s%s", trouble->len > 0 ? "\n" : "", refused);
        g_file_set_contents(path, refused, -1, NULL);
    }
    return trouble->len == 0;
}

static char *trouble_path(const struct builder *builder)
{
    return g_strconcat(builder->objects, ".trouble", NULL);
}

static _Noreturn void build_it(const struct builder *builder)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0); /* an interrupt from the keyboard is the grader's to handle */
    g_autoptr(GString) trouble = g_string_new(NULL);
    g_autofree char *program = g_build_filename(builder->objects, "program", NULL);
    bool built = sandbox_writable_folder(builder->objects, sandbox_user(builder->slot), trouble) &&
                 compile_all(builder, trouble) && look_at_calls(builder, trouble) &&
                 link_all(builder, trouble);
    if (built && !builder_seal(builder, program)) {
        g_string_append_printf(trouble, "%s: %s", builder->objects, strerror(errno));
        built = false;
    }
    g_autofree char *path = trouble_path(builder);
    if (!built)
        g_file_set_contents(path, trouble->str, -1, NULL);
    _exit(built ? 0 : 1);
}

/* ---- the grader's side ---------------------------------------------------------------------- */

void build_simulated_start(struct build *build)
{
    int ends[2];
    if (build->child.pid > 0 || build->simulated_program || build->simulated_trouble)
        return;
    if (!build->program) {
        build->simulated_trouble = g_strdup("the program could not be linked");
        return;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        build->simulated_trouble = g_strdup_printf("pipe: %s", strerror(errno));
        return;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        build_it(build->builder);
    close(ends[1]);
    if (pid < 0) {
        build->simulated_trouble = g_strdup_printf("fork: %s", strerror(errno));
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
    if (!g_file_get_contents(path, &build->simulated_trouble, NULL, NULL))
        build->simulated_trouble = g_strdup("the build for the simulator broke off");
    for (guint i = 0; i < build->files->len; i++) {
        g_autofree char *refused = refused_path(build->builder, i);
        g_file_get_contents(refused, &BUILT_FILES(build, i)->refused_simulated, NULL, NULL);
    }
    return true;
}
