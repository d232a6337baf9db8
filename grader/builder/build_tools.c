/* The compiler and other tools on a submission, in the sandbox. */
#include "grader/builder/builder.h"

#include "grader/text/text.h"

#include <string.h>

#define MESSAGE_BYTES 6000
#define LINE_LETTERS  300

/* Runs a command in the tree; takes the array of words over, without a NULL at its end. */
struct sandbox_result builder_run(const struct builder *builder, GPtrArray *words)
{
    g_ptr_array_add(words, NULL);
    struct sandbox_result result = workplace_run_tool(builder->build->tree, builder->objects,
                                                      (char *const *)words->pdata, builder->slot);
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
    return g_build_filename(sandbox_path(builder->objects, WORKPLACE_OBJECTS), name, NULL);
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

/* ---- compiling ------------------------------------------------------------------------------------ */

/* Where does the compiler see an error? */
enum error_place { NOWHERE, ELSEWHERE, IN_SOURCE };

/* "NAME:12:3: error: …", which is about what stands there: not that the compiler itself failed. */
static enum error_place place_of_error(const char *line, const char *source)
{
    static const char form[] = "^[^ :][^:]*:\\d+(:\\d+)?: ([Ff]atal )?[Ee]rror: ";
    const size_t length = strlen(source);
    const bool is_fatal = strstr(line, "fatal error: ") || strstr(line, "Fatal error: ");
    /* a header that is not there, whatever its name is */
    const bool is_absent = g_str_has_suffix(line, ": No such file or directory");
    if (!g_regex_match_simple(form, line, G_REGEX_RAW, 0) ||
        strstr(line, "internal compiler error") ||
        (is_fatal && !is_absent && workplace_is_suspicious(line)))
        return NOWHERE;
    return strncmp(line, source, length) == 0 && line[length] == ':' ? IN_SOURCE : ELSEWHERE;
}

static enum error_place find_error(const char *output, const char *source)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    enum error_place place = NOWHERE;
    for (char **line = lines; *line; line++)
        place = MAX(place, place_of_error(*line, source));
    return place;
}

static struct sandbox_result compile_once(const struct builder *builder, const char *source)
{
    g_autofree char *name = builder_object_name(builder, source);
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    builder_add_words(words, builder->flags.compile);
    char *more[] = {
        "-fdiagnostics-color=never", "-fmax-errors=20", "-c", (char *)source, "-o", NULL};
    builder_add_words(words, more);
    g_ptr_array_add(words, builder_object_path(builder, name));
    return builder_run(builder, words);
}

enum culprit builder_compile(const struct builder *builder, const char *source, char **messages)
{
    struct sandbox_result result = compile_once(builder, source);
    enum error_place place = find_error(result.output->str, source);
    enum culprit culprit = CULPRIT_NOBODY;
    g_autoptr(GString) trouble = g_string_new(NULL);
    if (!sandbox_did(&result) && place != IN_SOURCE && !builder_is_at_limit(&result)) {
        sandbox_result_clear(&result);
        result = compile_once(builder, source);
        place = find_error(result.output->str, source);
    }
    if (!sandbox_did(&result)) {
        g_autofree char *what = g_strdup_printf("the compiler failed on %s", source);
        culprit = place == IN_SOURCE
                      ? CULPRIT_SUBMISSION
                      : builder_whose_fault(builder, BUILDER_COMPILES, &result, what, trouble);
        if (culprit == CULPRIT_UNKNOWN && place == ELSEWHERE)
            culprit = CULPRIT_SUBMISSION;
    }
    *messages = culprit == CULPRIT_NOBODY || culprit == CULPRIT_SUBMISSION
                    ? builder_messages(&result, source)
                    : g_strdup(trouble->str);
    sandbox_result_clear(&result);
    return culprit;
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
