/*
 * Whose fault is it that the compiler, the linker or nm failed? Where nothing that it printed names a
 * line or a name of the submission's, the workplace's control is built with the same tool and decides. If
 * that passes, and the tool has twice failed without a word of what machines do (the compiler crashes on
 * the file), it is the file.
 */
#include "grader/builder/builder.h"

#include "grader/sandbox/sandbox_memory.h"

#include <signal.h>
#include <string.h>

bool builder_is_at_limit(const struct sandbox_result *result)
{
    switch (result->end) {
    case SANDBOX_TIME:
    case SANDBOX_MEMORY:
    case SANDBOX_PROCESSES:
    case SANDBOX_OUTPUT:
    case SANDBOX_FILES:
        return true;
    case SANDBOX_EXITED: /* the compiler tells of a part of it that hit one */
        return strstr(result->output->str, "File size limit exceeded") ||
               strstr(result->output->str, "File too large") ||
               strstr(result->output->str, "CPU time limit exceeded");
    default:
        return false;
    }
}

static bool reads_control(const struct builder *builder, const struct builder_tool *tool,
                          GString *error)
{
    return workplace_reads_objects(builder->build->workplace, tool->name, tool->words, tool->finds,
                                   builder->slot, error);
}

static bool control_passes(const struct builder *builder, enum builder_part part, GString *error)
{
    const struct workplace *workplace = builder->build->workplace;
    const bool simulated = builder->flags.compile == workplace->simulated.compile;
    switch (part) {
    case BUILDER_COMPILES:
        return workplace_compiles(workplace, simulated, builder->slot, error);
    case BUILDER_LINKS:
        return workplace_links(workplace, simulated, builder->slot, error);
    case BUILDER_READS_OBJECTS:
        return reads_control(builder, &builder_find_names, error) &&
               reads_control(builder, &builder_find_instructions, error);
    }
    return true;
}

/* What asks for more memory than the sandbox allows is told by the tool, too, where the machine has that
 * much. */
bool builder_speaks_of_machine(const struct sandbox_result *result)
{
    static const char about_a_line[] =
        ":\\d+(:\\d+)?: |: In function |: At top level|^ *\\d* *\\||^In file included from |"
        ": warning: |undefined reference to ";
    g_auto(GStrv) lines = g_strsplit(result->output->str, "\n", -1);
    bool speaks = result->end != SANDBOX_EXITED || result->status == 128 + SIGKILL;
    for (char **line = lines; *line; line++)
        speaks |= workplace_is_suspicious(*line) &&
                  !g_regex_match_simple(about_a_line, *line, 0, 0) &&
                  !(strstr(*line, "out of memory allocating ") &&
                    sandbox_memory_left() > workplace_tool_memory());
    return speaks;
}

enum culprit builder_whose_fault(const struct builder *builder, enum builder_part part,
                                 const struct sandbox_result *result, const char *what,
                                 GString *trouble)
{
    if (result->end == SANDBOX_MACHINE) {
        g_string_append(trouble, result->trouble);
        return CULPRIT_MACHINE;
    }
    if (!control_passes(builder, part, trouble))
        return CULPRIT_MACHINE;
    if (builder_is_at_limit(result) ||
        (part != BUILDER_LINKS && !builder_speaks_of_machine(result)))
        return CULPRIT_SUBMISSION;
    g_autofree char *sentence = g_strdup_printf(
        "%s twice and named no line, although the grader's own control passes", what);
    workplace_complain(trouble, sentence, result,
                       "grade again, and if it stays so, show this to whoever runs the course");
    return CULPRIT_UNKNOWN;
}
