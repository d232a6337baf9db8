/*
 * A copy of a folder that was handed in, of which only harmless parts are left: plain files in plain folders, a bounded
 * number of them, a bounded number of bytes. No link is followed or copied, and nothing but a plain file is opened.
 */
#ifndef CLASS_INTAKE_CLEAN_H
#define CLASS_INTAKE_CLEAN_H

#include <glib.h>
#include <stdbool.h>

struct intake_cleaned {
    int files;
    int links, others;       /* that were left out: links; pipes, sockets and devices */
    char *link, *other;      /* the first of each, clean text; NULL: none */
    char *unread;            /* what could not be read, and why; NULL: nothing */
    bool too_many, too_deep; /* not all was copied */
    gint64 bytes;
};

/* Copies what is in the folder `from` into the folder `to`, which is made if need be; what was left out is added to
 * `cleaned`. Of a file that is larger than any that is graded only so much is copied that it shows (archives whole). False,
 * with an error, if it can't be written: this machine's fault. */
bool intake_clean_copy(const char *from, const char *to, struct intake_cleaned *cleaned,
                       GString *error);
/* The same for one file, to the folder `to`. */
bool intake_clean_file(const char *from, const char *to, const char *name,
                       struct intake_cleaned *cleaned, GString *error);

/* Sentences on what was left out. */
void intake_cleaned_notes(const struct intake_cleaned *cleaned, GPtrArray *notes);
void intake_cleaned_clear(struct intake_cleaned *cleaned);

#endif
