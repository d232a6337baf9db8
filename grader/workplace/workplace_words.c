/* What tools say when the machine fails them, and what people can do about it. */
#include "grader/workplace/workplace.h"

#include "grader/text/text.h"

#include <string.h>

#define MOST_SHOWN 300 /* letters of what was said */

struct saying {
    const char *text;
    const char *remedy;
};

/* Programs say it for reasons of their own as well. */
#define COMMON "No such file or directory"

#define MAKE_ROOM                                                                                  \
    "make room there, or name another folder to work in: TMPDIR=/another/folder make grade"
#define GIVE_MEMORY                                                                                \
    "this computer has too little memory free: end other programs, or use another one"
#define LOOK_AT_GPU                                                                                \
    "nvidia-smi shows whether the GPU is well, and who else has its memory: wait for them, or "    \
    "name another GPU in CUDA_VISIBLE_DEVICES"
#define MAY_PASS                                                                                   \
    "what is named there must be open to everybody; if it is the folder to work in, name "         \
    "another: "                                                                                    \
    "TMPDIR=/another/folder make grade"
#define INSTALL "tools/setup installs what is missing; what is broken has to be installed again"
#define TOO_MANY                                                                                   \
    "other programs of the same user use them up: end those, or raise the limit (ulimit -a)"
#define BROKEN_DISK                                                                                \
    "the disk or the network file system fails: look at dmesg, or use another computer"
#define OTHER_CPU                                                                                  \
    "what was built for another processor does not run on this one: make clean, then grade again"

static const struct saying sayings[] = {
    {"No space left on device", MAKE_ROOM},
    {"Disk quota exceeded", MAKE_ROOM},
    {"not enough space", MAKE_ROOM},
    {"Read-only file system", MAKE_ROOM},
    {"File too large", "the limit on the size of files is too low: ulimit -f"},
    {"File size limit exceeded", "the limit on the size of files is too low: ulimit -f"},
    {"no memory left on the GPU", LOOK_AT_GPU},      /* the kit */
    {"failed at common/kernels/cuda/", LOOK_AT_GPU}, /* CUDA, and cuBLAS */
    {"Cannot allocate memory", GIVE_MEMORY},
    {"out of memory", GIVE_MEMORY},
    {"virtual memory exhausted", GIVE_MEMORY},
    {"failed to allocate", GIVE_MEMORY}, /* GLib */
    {"no memory left", GIVE_MEMORY},     /* the kit */
    {"not enough memory", GIVE_MEMORY},
    {"Out of memory", GIVE_MEMORY},
    {"Killed", GIVE_MEMORY},
    {"Permission denied", MAY_PASS},
    {"Operation not permitted",
     "the sandbox is not allowed to do that here: see the system's log, or use another computer"},
    {"Resource temporarily unavailable", TOO_MANY},
    {"Too many open files", TOO_MANY},
    {"CPU time limit exceeded", "the limit on processor time is too low: ulimit -t"},
    {"Input/output error", BROKEN_DISK},
    {"Stale file handle", BROKEN_DISK},
    {"Structure needs cleaning", BROKEN_DISK},
    {"Illegal instruction", OTHER_CPU},
    {"Bus error", MAKE_ROOM},
    {"cannot execute", INSTALL},
    {"command not found", INSTALL},
    {"error while loading shared libraries", INSTALL},
    {COMMON, INSTALL},
    {"Text file busy", "try again"},
};

static const struct saying *find_saying(const char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(sayings); i++)
        if (strstr(text, sayings[i].text))
            return &sayings[i];
    return NULL;
}

bool workplace_is_suspicious(const char *said)
{
    for (guint i = 0; i < G_N_ELEMENTS(sayings); i++)
        if (strcmp(sayings[i].text, COMMON) != 0 && strstr(said, sayings[i].text))
            return true;
    return false;
}

static bool is_empty(const char *line)
{
    return line[strspn(line, " \t-")] == '\0';
}

/* The line that tells most: the first with a saying, else the first that is none of a box. */
static char *telling_line(const char *said)
{
    g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
    char *first = NULL;
    for (char **line = lines; *line; line++) {
        first = first || is_empty(*line) ? first : *line;
        if (find_saying(*line)) {
            first = *line;
            break;
        }
    }
    g_autofree char *clean = text_clean(first ? first : "", first ? strlen(first) : 0, 4000);
    g_strstrip(clean);
    return g_utf8_substring(clean, 0, MIN(g_utf8_strlen(clean, -1), MOST_SHOWN));
}

void workplace_complain(GString *error, const char *what, const struct sandbox_result *result,
                        const char *otherwise)
{
    const char *trouble = result->trouble ? result->trouble : "";
    const char *output = result->output ? result->output->str : "";
    g_autofree char *all = g_strconcat(output, "\n", trouble, NULL);
    g_autofree char *line = telling_line(all);
    const struct saying *in_line = find_saying(line),
                        *saying = in_line ? in_line : find_saying(all);
    g_string_append_printf(error, "%s: ", what);
    if (line[0] != '\0')
        g_string_append(error, line);
    else if (result->end == SANDBOX_SIGNALLED || result->status > 128)
        g_string_append_printf(error, "it was ended by signal %d (%s)", result->status & 127,
                               strsignal(result->status & 127));
    else
        g_string_append_printf(error, "exit status %d, and no word", result->status);
    if (result->end == SANDBOX_TIME)
        g_string_append(error,
                        "; is this computer very busy, or does a disk or a network not answer?");
    else
        g_string_append_printf(error, "; %s", saying ? saying->remedy : otherwise);
}
