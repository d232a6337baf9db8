/*
 * What lies in a folder of submissions, person by person, before anything of it is opened: each person's tries, with the time
 * of each.
 */
#ifndef CLASS_INTAKE_HANDED_H
#define CLASS_INTAKE_HANDED_H

#include "class/intake/layout.h"
#include "class/intake/people.h"
#include "class/intake/policy.h"
#include "class/students/student.h"

struct intake_metadata;

struct intake_file {
    char *path; /* absolute */
    char *name; /* what it was called where it was handed in */
};

struct intake_attempt {
    GPtrArray *files; /* of struct intake_file *: folders and files that were handed in together */
    char *shown;      /* path in the folder of submissions, any bytes: of the first */
    int number;       /* of the try, as names say; 0 for the first */
    bool has_time;
    gint64 time;           /* seconds since 1970 */
    const char *time_from; /* where that is from, for "by …" */
    bool is_odd;           /* it is a link, a device, …: not opened */
};

struct intake_handed {
    char *key;    /* the same in every call */
    char *name;   /* clean text */
    char *wanted; /* what the ID is made of */
    GPtrArray *
        members; /* of struct member *: those that are known before anything is opened, one at least */
    bool is_group; /* the roster or the course's system says who belongs to it */
    bool is_known; /* it is on the roster, or there is none */
    GPtrArray *
        attempts; /* of struct intake_attempt *, as they lie there; may be empty: nothing was handed in */
    GPtrArray *notes; /* of char * */
};

/* Everybody of whom something lies in the folder, and everybody on the roster, by key: of struct intake_handed *. Lines that the
 * whole call should say go to `remarks`. NULL, with an error, if the folder or a table in it can't be read. */
GPtrArray *intake_handed_read(const char *submissions, const GPtrArray *assignments,
                              const struct intake_people *people,
                              const struct intake_policy *policy, GString *remarks, GString *error);

struct member *intake_member_new(const char *id, const char *name, const char *email);

/* ---- shared by the handed*.c files, and nobody else --------------------------------------------- */

struct intake_reading {
    const char *folder;
    char *below; /* "export/", which shown paths begin with; "" */
    const struct intake_people *people;
    const struct intake_policy *policy;
    GHashTable *metadata; /* or NULL */
    GPtrArray *times;     /* or NULL */
    char *prefix;         /* of repositories; or NULL */
    GHashTable *by_key;   /* key → struct intake_handed *, owned by `all` */
    GHashTable *parts;    /* struct intake_handed * → GPtrArray of struct intake_attempt * */
    GPtrArray *all;
    GString *remarks;
};

/* Whoever a name, the metadata of a folder or the roster speaks of: new, if nothing of theirs was met yet. */
struct intake_handed *intake_handed_of_label(struct intake_reading *reading,
                                             const struct intake_label *label);
struct intake_handed *intake_handed_of_metadata(struct intake_reading *reading,
                                                const struct intake_metadata *metadata);
struct intake_handed *intake_handed_of_person(struct intake_reading *reading,
                                              const struct intake_person *person);
void intake_handed_free(gpointer handed);

struct intake_attempt *intake_attempt_new(const char *path, const char *shown, const char *name);
void intake_attempt_free(gpointer attempt);

/* What lies in a folder, sorted by name, without litter; of char *. NULL, and errno. */
GPtrArray *intake_handed_list(const char *folder);

/* The folder's tries, if all that is in it are folders called so; NULL otherwise. */
GPtrArray *intake_attempts_in(const char *path, const char *shown);
/* Makes tries of files that came one by one: what came twice makes several, what came once belongs to all of them. parts: of
 * struct intake_attempt * with one file each, and with their numbers; emptied. */
void intake_attempts_of_parts(GPtrArray *parts, GPtrArray *attempts);

/* Rows of times.csv (id,file,submitted_at) in the folder; NULL: there is none, or it is wrong, with lines in error. */
GPtrArray *intake_times_read(const char *submissions, GString *error);
/* Sets the time of a try from that table, from the time in the name (may be NULL), from git, or from the files' own. */
void intake_attempt_set_time(struct intake_attempt *attempt, const struct intake_handed *handed,
                             const GPtrArray *times, const char *in_name, GTimeZone *zone,
                             GString *remarks);

#endif
