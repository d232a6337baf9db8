/*
 * What is compared: the programs of a class, those of earlier years, and what everybody was given.
 */
#ifndef CLASS_SIMILARITY_SOURCE_H
#define CLASS_SIMILARITY_SOURCE_H

#include "class/similarity/prints.h"

#include <glib.h>
#include <stdbool.h>

struct source_file {
    char *name; /* clean */
    char *text;
    gsize length;
};

struct source {
    char *id;   /* of the student, or the path in EARLIER; clean */
    char *name; /* of the person or group, clean; may be empty */
    bool earlier;
    GPtrArray *members;  /* of char *: who is in it; the same person twice is no pair */
    GPtrArray *files;    /* of struct source_file *, by name */
    GPtrArray *left_out; /* of char *: files that were not read, and why */
    GArray *tokens;      /* of all files, of struct token */
    char *
        program; /* a sum of them: the same for programs that are equal but for names, comments and layout */
    GArray *runs;
    bool *skip; /* [run]: everybody was given it, or much of the class has it */
    bool *own;  /* [token]: in no run that is skipped */
    guint own_tokens;
    GArray *prints;
};

#define SOURCE(sources, i)     ((struct source *)(sources)->pdata[i])
#define SOURCE_FILE(source, i) ((struct source_file *)(source)->files->pdata[i])

/* Reads all .c and .h files of a folder; with `deep` also those in folders below it. No link is followed. Takes copies. */
struct source *source_read(const char *folder, const char *id, bool deep);
void source_free(struct source *source);
/* For g_ptr_array_sort of texts. */
gint source_by_text(gconstpointer a, gconstpointer b);

/* tokens and runs. */
void source_take_tokens(struct source *source, const struct similarity_how *how, GHashTable *names);
/* skip, own, own_tokens and prints; given and common: sorted numbers of runs, of uint64_t. */
void source_take_prints(struct source *source, const struct similarity_how *how,
                        const GArray *given, const GArray *common);

/* ---- which there are ---- */

/* All of an assignment in the folder of a class, by ID; NULL, and an error. */
GPtrArray *sources_of_class(const char *out, const char *assignment, GString *error);
/* All that lie in a folder, a folder each; or folders of classes (which have students/ in them), or folders of either. Appended. */
bool sources_of_earlier(const char *folder, const char *assignment, GPtrArray *sources,
                        GString *error);

/* The kit: names of the functions that its headers declare, and the runs of all that is handed out for an assignment
 * (skeleton, headers, programs, code in hand-outs), sorted. */
GHashTable *similarity_kit_names(const char *kit, const char *assignment);
GArray *similarity_kit_runs(const char *kit, const char *assignment,
                            const struct similarity_how *how, GHashTable *names);

/* Runs that more of the class's sources have than `how` allows, sorted. */
GArray *sources_common(const GPtrArray *sources, const struct similarity_how *how);

bool runs_have(const GArray *sorted, uint64_t run);
void runs_sort(GArray *runs);

#endif
