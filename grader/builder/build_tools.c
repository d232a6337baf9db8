/* The compiler and other tools on a submission, in the sandbox. */
#include "grader/builder/builder.h"

#include "grader/text/text.h"

#include <string.h>

#define OBJECTS       "/objects" /* inside the sandbox: where the compiler writes */
#define MESSAGE_BYTES 6000
#define LINE_LETTERS  300

static struct sandbox_limits compiler_limits(void)
{
    struct sandbox_limits limits = sandbox_limits_default();
    limits.seconds = 20;
    limits.memory = (size_t)1 << 30;
    limits.output = 256 << 10;
    return limits;
}

/* Runs a command in the tree; takes the array of words over, without a NULL at its end. */
struct sandbox_result builder_run(const struct builder *builder, GPtrArray *words)
{
    struct sandbox_bind see[] = {{builder->build->tree, BUILD_TREE}, {NULL, NULL}};
    struct sandbox_command command = {
        .see = see,
        .write = {builder->objects, OBJECTS},
        .folder = sandbox_path(builder->build->tree, BUILD_TREE),
        .limits = compiler_limits(),
        .user = sandbox_user(builder->slot),
    };
    struct sandbox_result result;
    g_ptr_array_add(words, NULL);
    command.words = (char *const *)words->pdata;
    sandbox_run(&command, &result);
    g_ptr_array_free(words, TRUE);
    return result;
}

void builder_add_words(GPtrArray *words, char *const *more)
{
    for (; *more; more++)
        g_ptr_array_add(words, g_strdup(*more));
}

/* A path in the folder of objects, as the command sees it. */
char *builder_object_path(const struct builder *builder, const char *name)
{
    return g_build_filename(sandbox_path(builder->objects, OBJECTS), name, NULL);
}

char *builder_object_name(const struct builder *builder, const char *source)
{
    const char *assignment = builder->rubric->assignment;
    const size_t own = strlen(assignment);
    if (strncmp(source, assignment, own) == 0 && source[own] == '/')
        source += own + 1;
    char *name = g_strdelimit(g_strdup(source), "/", '-');
    name[strlen(name) - 1] = 'o';
    return name;
}

/* Appends text, with the middle of very long lines left out (a file that includes itself 200
 * times has a long name). */
static void append_short_lines(GString *to, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        glong letters = g_utf8_strlen(*line, -1);
        if (letters > LINE_LETTERS) {
            g_autofree char *first = g_utf8_substring(*line, 0, LINE_LETTERS / 2);
            g_autofree char *last = g_utf8_substring(*line, letters - LINE_LETTERS / 2, letters);
            g_string_append_printf(to, "%s […] %s", first, last);
        } else {
            g_string_append(to, *line);
        }
        g_string_append(to, line[1] ? "\n" : "");
    }
}

/* The beginning of what a tool printed, and why it ended if that was odd. */
char *builder_messages(const struct sandbox_result *result, const char *file)
{
    GString *text = g_string_new(NULL);
    append_short_lines(text, result->output->str);
    if (text->len > MESSAGE_BYTES) {
        g_autofree char *first = g_utf8_make_valid(text->str, MESSAGE_BYTES);
        g_string_printf(text, "%s\n[… the rest is left out]\n", first);
    }
    if (result->end == SANDBOX_TIME || result->end == SANDBOX_MEMORY)
        g_string_append_printf(text,
                               "The compiler was stopped on %s: it %s. Does the file include a "
                               "device, or itself?\n",
                               file, result->trouble);
    else if (result->end != SANDBOX_EXITED)
        g_string_append_printf(text, "The compiler did not finish with %s: %s\n", file,
                               result->trouble ? result->trouble : "it was ended by a signal");
    if (text->len > 0)
        return g_string_free(text, FALSE);
    g_string_free(text, TRUE);
    return NULL;
}

/* Compiles a source of the tree. messages: what the compiler said, or NULL. */
bool builder_compile(const struct builder *builder, const char *source, char **messages)
{
    g_autofree char *name = builder_object_name(builder, source);
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    builder_add_words(words, builder->flags.compile);
    char *more[] = {
        "-fdiagnostics-color=never", "-fmax-errors=20", "-c", (char *)source, "-o", NULL};
    builder_add_words(words, more);
    g_ptr_array_add(words, builder_object_path(builder, name));
    struct sandbox_result result = builder_run(builder, words);
    *messages = builder_messages(&result, source);
    bool compiled = result.end == SANDBOX_EXITED && result.status == 0;
    sandbox_result_clear(&result);
    return compiled;
}

bool builder_is_source(const struct collected_file *file)
{
    return g_str_has_suffix(file->file->name, ".c");
}

bool builder_takes(const struct built_file *file)
{
    return file->compiles && !file->refused && !file->replaced &&
           builder_is_source(file->collected);
}
