/*
 * submission_metadata.yml of Gradescope's export: of every folder who handed it in, and when. Read with libyaml:
 *
 *     submission_12345:
 *       :submitters:
 *       - :name: Ana Müller
 *         :sid: '100'
 *         :email: ana@example.org
 *       :created_at: 2026-11-20 21:03:22.123456 Z
 */
#ifndef CLASS_INTAKE_GRADESCOPE_H
#define CLASS_INTAKE_GRADESCOPE_H

#include <glib.h>

struct intake_metadata {
    GPtrArray *members; /* of struct member * (class/students/student.h) */
    char *created_at;   /* as it stands there; or NULL */
};

/* Folder's name → struct intake_metadata *. NULL, with an error, if the file can't be read. */
GHashTable *intake_gradescope_read(const char *path, GString *error);

#endif
